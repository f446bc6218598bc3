export { BackfillPage } from "./BackfillPage";
export { ActiveBackfills } from "./Cards";
