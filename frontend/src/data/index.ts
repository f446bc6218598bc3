export { DataPanel } from "./DataPanel";
export { Preview } from "./Preview";
export * from "./view";
