export { ScheduleSheet, type ScheduleSheetProps } from "./ScheduleSheet";
export { SchedulesPage } from "./SchedulesPage";
