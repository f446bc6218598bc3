export { Boundary } from "./boundary";
export {
  Button,
  type ButtonProps,
  type Choice,
  IconButton,
  type IconButtonProps,
  Segmented,
  Switch,
  Tabs,
} from "./buttons";
export { CheckList, type CheckListProps } from "./checks";
export { classes } from "./classes";
export { useNow } from "./clock";
export {
  availableCommands,
  bindCommands,
  type Handler,
  type Handlers,
  runCommand,
  useCommands,
} from "./commands";
export { Dialog, type DialogProps, Modal, Sheet, type SheetProps } from "./dialog";
export { DisplayView } from "./display";
export { EmptyState, ErrorCard, LoadFailed } from "./empty";
export { type Expect, ExpectContext } from "./expecting";
export { FailureView } from "./failure";
export { type ControlProps, Field, Input, Select, TextArea } from "./form";
export {
  formatBytes,
  formatChange,
  formatClock,
  formatCount,
  formatDate,
  formatDay,
  formatDuration,
  formatMoment,
  formatRelative,
  formatShape,
  formatShortMoment,
  formatValue,
  ordinal,
  plural,
} from "./format";
export { RunHistory, runWords } from "./history";
export { LineageContext, type LineageOf } from "./lineage";
export { Announcements, announce, toast, toastError } from "./live";
export { LogLines, LogText, linesWith, plainText } from "./log-text";
export { type BlockRequest, MakeBlockContext } from "./making";
export { Chip, Kbd, KindChip, Logo, StateChip, StateIcon, StateWords, shortKeys } from "./marks";
export { ContextMenu, Menu, type MenuAction, type MenuEntry, placeBelow } from "./menu";
export { NameText } from "./name-text";
export { useNear } from "./near";
export { type ChosenNotebook, chooseNotebook, chosenNotebook } from "./notebook-file";
export { closeness, type Finding, useFindings } from "./palette";
export { parameterProblem, readParameter, textOfValue } from "./parameters";
export { ParametersForm } from "./parameters-form";
export { ProgressBar } from "./progress-bar";
export { href, Link, matchPath, navigate, type Place, usePlace } from "./router";
export { type Crumb, Crumbs, Frame, Page, type PageProps } from "./shell";
export { type CommandId, keysOf, SHORTCUTS, type Shortcut } from "./shortcuts";
export {
  describeBlockRun,
  describeStatus,
  failureLine,
  failureWords,
  nextOfWait,
  SIGNS,
  signOfBlockRun,
  signOfState,
  type Tone,
  whySkipped,
} from "./signs";
export { setSingleKeys, useSingleKeys } from "./single-keys";
export {
  type CanvasProps,
  type CompareOutputsProps,
  type DataPanelProps,
  type DifferenceProps,
  type EditorSlots,
  EditorSlotsContext,
  type PreviewProps,
  type ScheduleSheetProps,
} from "./slots";
export { cityOf, startsInWords } from "./starts";
export { type Chunk, Terminal } from "./terminal";
export { isDark, setTheme, type Theme, toggleTheme, useTheme } from "./theme";
export { Elapsed, TimeAgo } from "./time";
export { WorkerStatus } from "./worker-status";
