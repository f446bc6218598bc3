export { type SortSign, signOfSort, sortBy, sortOnly } from "./sorting";
export {
  changeView,
  clearView,
  type FramePlace,
  placeOfBlock,
  placeOfOutput,
  subscribeView,
  useView,
  viewOf,
} from "./store";
export {
  type ColumnReference,
  type Condition,
  isWhole,
  leavesOut,
  type Operator,
  onTheWire,
  placeOfColumn,
  referenceTo,
  rowsQuery,
  type SortKey,
  sameReference,
  type Value,
  type View,
  viewFor,
  viewQuery,
  WHOLE,
} from "./view";
