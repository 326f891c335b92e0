// @ts-check
// Starts the widget on the waiting page: here the simulator's widget. Start Nevis's own widget as Nevis's guide for customers says. Pass the intent token to
// the widget, and pass the token of the widget's result to `succeeded`.

/**
 * A `Widget` is what the waiting page passes to this script. A `SimulatorWidget` is what this script passes to the simulator's script.
 * @typedef {{ intentToken: string, element: Element, succeeded: (token?: string) => void, failed: () => void }} Widget
 * @typedef {{ intentToken: string, element: Element, onResult: (result: { code: string, token?: string }) => void }} SimulatorWidget
 * @typedef {{ startNevisWidget: (widget: Widget) => void, nevisSimulatorWidget: (widget: SimulatorWidget) => void }} Scripts
 */
const scripts = /** @type {Window & Scripts} */ (/** @type {unknown} */ (window))

/** @param {Widget} widget */
scripts.startNevisWidget = ({ intentToken, element, succeeded, failed }) => {
  scripts.nevisSimulatorWidget({
    intentToken,
    element,
    onResult: ({ code, token }) => (code.startsWith('success-') ? succeeded(token) : failed()),
  })
}
