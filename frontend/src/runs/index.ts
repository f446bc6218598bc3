export { CompareRunsPage } from "./CompareRunsPage";
export type { PreviewSlot } from "./RunBlock";
export { RunPage } from "./RunPage";
export { RunsPage } from "./RunsPage";
