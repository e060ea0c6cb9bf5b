/** The worker's entry: what `/field/sw.js` imports. */
export { start } from "./worker";
