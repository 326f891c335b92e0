// Starts the widget on the waiting page: the one of the simulator. Nevis's own is started as its guide for customers says;
// what counts is that its intent token goes in, and the token of its success comes out.
window.startNevisWidget = ({ intentToken, element, succeeded, failed }) => {
  window.nevisSimulatorWidget({
    intentToken,
    element,
    onResult: ({ code, token }) => (code.startsWith('success-') ? succeeded(token) : failed()),
  })
}
