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
export { classes } from "./classes";
export { useNow } from "./clock";
export {
  availableCommands,
  bindCommands,
  type Handler,
  type Handlers,
  runCommand,
  setSingleKeys,
  useCommands,
} from "./commands";
export { Dialog, type DialogProps, Modal, Sheet, type SheetProps } from "./dialog";
export { EmptyState, ErrorCard, LoadFailed } from "./empty";
export { type ControlProps, Field, Input, Select, TextArea } from "./form";
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatRelative,
  formatShape,
  formatShortMoment,
  formatValue,
  plural,
} from "./format";
export { Announcements, announce, toast, toastError } from "./live";
export { Chip, Kbd, KindChip, Logo, StateChip, StateIcon, StateWords, shortKeys } from "./marks";
export { Menu, type MenuAction, type MenuEntry, placeBelow } from "./menu";
export { parameterProblem, readParameter, textOfValue } from "./parameters";
export { ParametersForm } from "./parameters-form";
export { href, Link, matchPath, navigate, type Place, usePlace } from "./router";
export { type CommandId, keysOf, SHORTCUTS, type Shortcut } from "./shortcuts";
export {
  describeBlockRun,
  describeStatus,
  failureLine,
  SIGNS,
  signOfBlockRun,
  signOfState,
  type Tone,
} from "./signs";
export { Elapsed, TimeAgo } from "./time";
