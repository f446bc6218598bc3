export {
  type Arrangement,
  AS_STORED,
  arrange,
  type ColumnChoice,
  type ColumnKey,
  keysOfColumns,
  withFrozen,
  withHidden,
  withMove,
  withoutWidth,
  withWidth,
} from "./choice";
export { type ColumnLayout, recallChoice, useColumnLayout } from "./store";
