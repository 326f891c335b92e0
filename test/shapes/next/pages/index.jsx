export default function Home() {
  return <a href="/api/account">Your account</a>
}
