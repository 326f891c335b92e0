/** VitePress's own theme, with the colours of the waiting page. */
import DefaultTheme from 'vitepress/theme'
import './style.css'

export default DefaultTheme
