export type { PreviewSlot } from "./BlockDetails";
export { RunPage } from "./RunPage";
export { RunsPage } from "./RunsPage";
