export { LogPanel } from "./LogPanel";
export { type Log, type LogPlace, useLog } from "./useLog";
