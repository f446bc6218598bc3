export { CompareOutputs } from "./compare/CompareOutputs";
export { DataPanel } from "./DataPanel";
export { Preview } from "./Preview";
export * from "./view";
