/** Types of the wire, written by `npm run wire` from backend/headrace/protocol: do not edit. */

export type AnyCommand =
  | OpenSession
  | CloseSession
  | SaveSource
  | AddBlock
  | MakeBlock
  | MoveBlock
  | RenameBlock
  | DeleteBlocks
  | DuplicateBlock
  | Connect
  | Disconnect
  | ConfigureBlock
  | AddCheck
  | SetContract
  | ProposeContract
  | ConfigurePipeline
  | SetParameters
  | SetAutoRun
  | Undo
  | Redo
  | Publish
  | RestoreVersion
  | RunBlocks
  | StartRun
  | CancelRun
  | RestartWorker
  | Complete
  | Inspect
  | FormatSource
  | ShowLineage
  | ShowImpact
  | TranslateSource;
export type AnyEvent =
  | SnapshotTaken
  | PipelineChanged
  | SourceChanged
  | VersionPublished
  | ParametersSet
  | AutoRunSwitched
  | StalenessChanged
  | StatusReplaced
  | RunQueued
  | QueueMoved
  | BlockStarted
  | BlockWaiting
  | BlockFinished
  | BlockFailed
  | BlocksSkipped
  | BlocksCancelled
  | StopAdvanced
  | RunFinished
  | LogAppended
  | Displayed
  | ProgressMade
  | WorkerChanged
  | SessionEnded
  | RunChanged
  | BlockRunChanged
  | PipelinesChanged
  | TriggersChanged
  | BackfillChanged
  | NotificationsChanged
  | SettingsChanged
  | DiskSpaceChanged;
export type AnyReply = Accepted | Refused;

/**
 * The command was carried out; `result` is what it gives, if anything.
 */
export interface Accepted {
  op: "accepted";
  req: string;
  result: unknown;
}
/**
 * Add a block at `index` (None: at the end), empty, with `text`, or from the library.
 *
 * Without a name one is chosen. `upstream` is connected at once. `library` is the path of a
 * `LibraryBlock`.
 */
export interface AddBlock {
  op: "add-block";
  pipeline: string;
  req?: string;
  kind?: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language?: "markdown" | "notebook" | "python" | "sql";
  name?: string | null;
  library?: string | null;
  text?: string | null;
  index?: number | null;
  upstream?: string[];
  settings?: {
    [k: string]: unknown;
  };
}
/**
 * Write a check of a block's output, which `undo` takes back.
 *
 * It goes into the code of a Python block that has its own file, as a function with `@check`, and
 * else into `checks:` of its entry. `type_name` is that of the output, which the code is for.
 */
export interface AddCheck {
  op: "add-check";
  pipeline: string;
  req?: string;
  block: string;
  expectation: Expectation;
  type_name?: string;
}
/**
 * What a column of a block's output must be like, or all of them: one entry of `checks:`.
 *
 * One of the words beside `column` and `severity` is given, or both of a range.
 */
export interface Expectation {
  column?: string;
  not_null?: boolean;
  unique?: boolean;
  minimum?: number | string | null;
  maximum?: number | string | null;
  choices?: (string | number | boolean)[] | null;
  schema?: {
    [k: string]: string;
  } | null;
  severity?: "fail" | "warn";
}
/**
 * Send me the events of this pipeline: those after `after`, or a snapshot first.
 *
 * `epoch` is that of the snapshot which `after` counts from. The empty pipeline name opens the
 * project itself: its runs, pipelines and triggers.
 */
export interface OpenSession {
  op: "open-session";
  pipeline: string;
  req?: string;
  after?: number | null;
  epoch?: string;
}
/**
 * Send me no more events of this pipeline.
 */
export interface CloseSession {
  op: "close-session";
  pipeline: string;
  req?: string;
}
/**
 * Write a block's source; refused as `conflict` when its hash is no longer `base`.
 *
 * With `connect`, the edges from blocks that a SQL text newly reads are drawn, as `connect` would.
 */
export interface SaveSource {
  op: "save-source";
  pipeline: string;
  req?: string;
  block: string;
  text: string;
  base: string;
  connect?: boolean;
}
/**
 * Add a transformer below `upstream` whose rows are those of a view of its last output.
 *
 * `steps` rename, drop and cast columns of the view. With a chart, the block gives the table that
 * the chart draws, and shows the chart. Without a name one is chosen. The answer's result is a
 * `BlockDraft`; with `dry_run` nothing is added.
 */
export interface MakeBlock {
  op: "make-block";
  pipeline: string;
  req?: string;
  upstream: string;
  language?: "pandas" | "polars" | "sql";
  name?: string | null;
  view?: View;
  /**
   * @maxItems 1000
   */
  steps?: (RenameColumn | DropColumn | CastColumn)[];
  chart?: Chart | null;
  dry_run?: boolean;
}
/**
 * Rows of a table: those that fulfil all conditions and hold the text, sorted; of columns.
 *
 * `search` is a text that any column holds, ignoring case. `columns` are all for None.
 */
export interface View {
  /**
   * @maxItems 32
   */
  sort?: SortKey[];
  /**
   * @maxItems 100
   */
  filter?: Condition[];
  search?: string | null;
  columns?: (string | ColumnAt)[] | null;
}
/**
 * One column to sort by; nulls come last either way, NaN just before them.
 */
export interface SortKey {
  column: string | ColumnAt;
  descending?: boolean;
}
/**
 * A column by its place, counted from 0: where two columns have one name.
 */
export interface ColumnAt {
  at: number;
}
/**
 * What a row must fulfil. A null fulfils none but `is null`.
 *
 * `value` is a list of two for `between` (both included), a list for `in` and `not in`, absent
 * for `is …`, a text for the operators of text, and one value for the others. Operators of text
 * see a column as its text and ignore case; `matches` is an RE2 expression found anywhere, with
 * case.
 */
export interface Condition {
  column: string | ColumnAt;
  op:
    | "!="
    | "<"
    | "<="
    | "="
    | ">"
    | ">="
    | "between"
    | "contains"
    | "in"
    | "is empty"
    | "is nan"
    | "is not nan"
    | "is not null"
    | "is null"
    | "matches"
    | "not contains"
    | "not in"
    | "not matches"
    | "starts with";
  value?: boolean | number | string | (boolean | number | string)[] | null;
}
/**
 * Give a column another name.
 */
export interface RenameColumn {
  do: "rename";
  column: string;
  name: string;
}
/**
 * Leave a column out.
 */
export interface DropColumn {
  do: "drop";
  column: string;
}
/**
 * Turn a column into another type.
 */
export interface CastColumn {
  do: "cast";
  column: string;
  type: "boolean" | "date" | "integer" | "number" | "text" | "timestamp";
}
/**
 * A chart of all rows of a view.
 *
 * A histogram counts `x` in bins, a scatter draws `y` over `x`, a bar or line draws what
 * `aggregate` makes of `y` (of the rows, for `count`) for each value of `x`. Numbers are put into
 * about `bins` bins and times into `unit`, both chosen by themselves for None. Of categories the
 * `top` with the most rows are drawn; all others are one.
 */
export interface Chart {
  kind: "bar" | "histogram" | "line" | "scatter";
  x: string | ColumnAt;
  y?: string | ColumnAt | null;
  aggregate?: "count" | "max" | "mean" | "median" | "min" | "sum";
  color?: string | ColumnAt | null;
  bins?: number | null;
  unit?: ("day" | "hour" | "minute" | "month" | "quarter" | "week" | "year") | null;
  top?: number;
}
/**
 * Move a block to `index` of the list as it is without the block.
 */
export interface MoveBlock {
  op: "move-block";
  pipeline: string;
  req?: string;
  block: string;
  index: number;
}
/**
 * Rename a block everywhere: file, function, upstream lists, arguments and SQL of others.
 */
export interface RenameBlock {
  op: "rename-block";
  pipeline: string;
  req?: string;
  block: string;
  name: string;
}
/**
 * Delete blocks and the edges at them; `undo` brings all of it back.
 */
export interface DeleteBlocks {
  op: "delete-blocks";
  pipeline: string;
  req?: string;
  blocks: string[];
}
/**
 * Add a copy of a block below it.
 */
export interface DuplicateBlock {
  op: "duplicate-block";
  pipeline: string;
  req?: string;
  block: string;
}
/**
 * Draw an edge: adds to `upstream:` and, in Python, the argument to the code.
 */
export interface Connect {
  op: "connect";
  pipeline: string;
  req?: string;
  upstream: string;
  downstream: string;
}
/**
 * Remove an edge, and with `remove_argument` the argument of that name as well.
 */
export interface Disconnect {
  op: "disconnect";
  pipeline: string;
  req?: string;
  upstream: string;
  downstream: string;
  remove_argument?: boolean;
}
/**
 * Replace a block's `with:` values; None leaves the other keys as they are.
 */
export interface ConfigureBlock {
  op: "configure-block";
  pipeline: string;
  req?: string;
  block: string;
  settings?: {
    [k: string]: unknown;
  } | null;
  kind?: ("exporter" | "loader" | "markdown" | "sensor" | "transformer") | null;
  language?: ("markdown" | "notebook" | "python" | "sql") | null;
  cache?: string | null;
  retries?: number | null;
  backoff?: string | null;
  retry_on?: string[] | null;
  timeout?: string | null;
  memory?: string | null;
  connection?: string | null;
  writes?: boolean | null;
  pool?: string | null;
  priority?: number | null;
  isolation?: string | null;
  poke?: string | null;
  soft_fail?: boolean | null;
  incremental?: Incremental | null;
}
/**
 * `incremental:` of a loader, as it is written in pipeline.yaml.
 */
export interface Incremental {
  column: string;
  start: string | null;
}
/**
 * Declare the columns of a block's output; None removes the contract. `undo` takes it back.
 */
export interface SetContract {
  op: "set-contract";
  pipeline: string;
  req?: string;
  block: string;
  contract?: Contract | null;
}
/**
 * `contract:` of a block, as it is written in pipeline.yaml.
 *
 * `columns` is name → type, with ` not null` behind it where nulls are not allowed. A type is one
 * of the words of `project/contracts.py`, or Arrow's name of one. The order means nothing.
 */
export interface Contract {
  columns: {
    [k: string]: string;
  };
  extra_columns: boolean;
}
/**
 * Give the contract that the block's last output fulfils; nothing is written.
 */
export interface ProposeContract {
  op: "propose-contract";
  pipeline: string;
  req?: string;
  block: string;
}
/**
 * Change title, declared parameters or limit; None leaves them, a limit of 0 takes it out.
 */
export interface ConfigurePipeline {
  op: "configure-pipeline";
  pipeline: string;
  req?: string;
  title?: string | null;
  parameters?: Parameter[] | null;
  max_parallel?: number | null;
}
/**
 * A typed value of a pipeline, or one typed setting of a block.
 */
export interface Parameter {
  name: string;
  type: "boolean" | "date" | "datetime" | "integer" | "json" | "number" | "string";
  default: unknown;
  required: boolean;
  minimum: number | null;
  maximum: number | null;
  choices: unknown[] | null;
  description: string;
  multiple: boolean;
}
/**
 * Choose the parameter values that runs of the editor use; nothing is written to files.
 */
export interface SetParameters {
  op: "set-parameters";
  pipeline: string;
  req?: string;
  values: {
    [k: string]: unknown;
  };
}
/**
 * Let stale blocks that are cheap run by themselves after an edit, or not; off at first.
 *
 * It holds for all who look at the pipeline, until the server stops; files do not change.
 */
export interface SetAutoRun {
  op: "set-auto-run";
  pipeline: string;
  req?: string;
  on: boolean;
}
/**
 * Take back the last structural edit.
 */
export interface Undo {
  op: "undo";
  pipeline: string;
  req?: string;
}
/**
 * Do again what `undo` took back.
 */
export interface Redo {
  op: "redo";
  pipeline: string;
  req?: string;
}
/**
 * Let triggers run the draft as it is now. Answers the version as `PublishedVersion`.
 *
 * Refused when the draft has blocks that cannot run, or is not the one of hash `version`.
 */
export interface Publish {
  op: "publish";
  pipeline: string;
  req?: string;
  message?: string;
  version?: string | null;
}
/**
 * Make the draft what a published version was; an edit that can be undone.
 *
 * Triggers stay as they are. Shared blocks belong to other pipelines as well and are not written;
 * the answer names those that differ as `left`.
 */
export interface RestoreVersion {
  op: "restore-version";
  pipeline: string;
  req?: string;
  number: number;
}
/**
 * Run blocks with their stale ancestors; no blocks: everything that is stale.
 *
 * The answer's result is `{"run", "blocks"}`. `scope` says otherwise: `only` leaves the ancestors
 * out, `from` takes all that is below instead, `stale` only what is stale. `force` takes nothing
 * from the store. With `dry_run` nothing runs, and `run` is null: a button can say what it would.
 */
export interface RunBlocks {
  op: "run-blocks";
  pipeline: string;
  req?: string;
  blocks?: string[];
  scope?: "from" | "only" | "stale" | "until";
  force?: boolean;
  dry_run?: boolean;
}
/**
 * Start a run as the scheduler would: all blocks, or these and their ancestors.
 *
 * The answer's result is `{"id", "blocks"}`; `scope` and `dry_run` are as for `RunBlocks`.
 */
export interface StartRun {
  op: "start-run";
  pipeline: string;
  req?: string;
  parameters?: {
    [k: string]: unknown;
  };
  blocks?: string[] | null;
  scope?: "from" | "only" | "stale" | "until";
  force?: boolean;
  dry_run?: boolean;
  idempotency_key?: string | null;
}
/**
 * Stop a run: SIGINT, after 5 s SIGTERM, after 5 s more SIGKILL. No run: all of the editor.
 */
export interface CancelRun {
  op: "cancel-run";
  pipeline: string;
  req?: string;
  run?: string | null;
}
/**
 * Replace the session worker by a fresh one; a running block is cancelled.
 */
export interface RestartWorker {
  op: "restart-worker";
  pipeline: string;
  req?: string;
}
/**
 * What can stand at this place of this text. `line` from 1, `column` from 0, in code points.
 */
export interface Complete {
  op: "complete";
  pipeline: string;
  req?: string;
  block: string;
  text: string;
  line: number;
  column: number;
}
/**
 * Signature and documentation of the call or name at this place.
 */
export interface Inspect {
  op: "inspect";
  pipeline: string;
  req?: string;
  block: string;
  text: string;
  line: number;
  column: number;
}
/**
 * Give this text in standard form; nothing is saved.
 */
export interface FormatSource {
  op: "format-source";
  pipeline: string;
  req?: string;
  block: string;
  text: string;
}
/**
 * Where the columns of all blocks come from, by the texts as they stand.
 */
export interface ShowLineage {
  op: "show-lineage";
  pipeline: string;
  req?: string;
}
/**
 * What would break below if a column of a block's output were called otherwise.
 */
export interface ShowImpact {
  op: "show-impact";
  pipeline: string;
  req?: string;
  block: string;
  column: string;
}
/**
 * Translate a SQL text into the dialect of its block; nothing is saved.
 *
 * `source` is the dialect that it is in; empty: the one that it can be read in.
 */
export interface TranslateSource {
  op: "translate-source";
  pipeline: string;
  req?: string;
  block: string;
  text: string;
  source?: string;
}
/**
 * The whole state at `seq`; events follow from `seq + 1`.
 */
export interface SnapshotTaken {
  op: "snapshot-taken";
  pipeline: string;
  seq: number;
  cause: string;
  epoch: string;
  state: PipelineState | null;
  disk_low: boolean;
}
/**
 * All of a session at one `seq`: what a browser needs to draw the editor.
 */
export interface PipelineState {
  name: string;
  title: string;
  parameters: Parameter[];
  values: {
    [k: string]: unknown;
  };
  blocks: BlockTable[];
  sources: {
    [k: string]: string;
  };
  diagnostics: Diagnostic[];
  status: {
    [k: string]: BlockStatus;
  };
  runs: LiveRun[];
  worker: string;
  auto_run: boolean;
  undo: string | null;
  redo: string | null;
  problem: string | null;
  version: string;
  published: PublishedVersion | null;
}
/**
 * A block of the draft as the editor shows it, without its source.
 */
export interface BlockTable {
  name: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language: "markdown" | "notebook" | "python" | "sql";
  file: string;
  shared: boolean;
  used_in: number;
  hash: string;
  upstream: string[];
  inputs: {
    [k: string]: string;
  };
  settings: {
    [k: string]: unknown;
  };
  form: Parameter[];
  description: string;
  retries: number;
  backoff_s: number;
  retry_on: string[];
  timeout_s: number | null;
  memory_bytes: number | null;
  cache: string | null;
  connection: string | null;
  writes: boolean;
  pool: string | null;
  priority: number;
  isolation: string | null;
  poke_s: number | null;
  soft_fail: boolean;
  contract: Contract | null;
  incremental: Incremental | null;
}
/**
 * What is wrong with a block before it runs. Lines from 1, columns from 0, in code points.
 */
export interface Diagnostic {
  block: string;
  severity: "error" | "info" | "warning";
  code: string;
  message: string;
  file: string;
  line: number;
  column: number;
  end_line: number | null;
  end_column: number | null;
  fixes: Fix[];
}
/**
 * A remedy of one click: its title and the command that does it.
 */
export interface Fix {
  title: string;
  command:
    | OpenSession
    | CloseSession
    | SaveSource
    | AddBlock
    | MakeBlock
    | MoveBlock
    | RenameBlock
    | DeleteBlocks
    | DuplicateBlock
    | Connect
    | Disconnect
    | ConfigureBlock
    | AddCheck
    | SetContract
    | ProposeContract
    | ConfigurePipeline
    | SetParameters
    | SetAutoRun
    | Undo
    | Redo
    | Publish
    | RestoreVersion
    | RunBlocks
    | StartRun
    | CancelRun
    | RestartWorker
    | Complete
    | Inspect
    | FormatSource
    | ShowLineage
    | ShowImpact
    | TranslateSource;
}
/**
 * The live state of a block in the editor.
 *
 * `state` is of its last block run; `staleness` compares that with the draft. `output` is the last
 * good one, kept while a newer run is on its way.
 */
export interface BlockStatus {
  state:
    | (
        | "cached"
        | "cancelled"
        | "failed"
        | "queued"
        | "running"
        | "skipped"
        | "succeeded"
        | "waiting"
      )
    | "never";
  staleness: Staleness;
  run: string | null;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  seconds: number | null;
  cache: string | null;
  output: Output | null;
  failure: Failure | null;
  because: string | null;
  progress: [number, number | null] | null;
  checks: CheckResult[];
  displays: Display[];
  log_tail: string;
  log_bytes: number;
  pokes: number;
  poke_at: string | null;
  give_up_at: string | null;
  place: number | null;
}
/**
 * Is the last result of a block what a run would give now; if not, why not.
 */
export interface Staleness {
  state: "fresh" | "never" | "stale";
  reasons: string[];
}
/**
 * What a block returned, by its immutable address.
 *
 * `kind` is the form in the store: `table` Arrow IPC, `json` a value, `pickle` opened in workers
 * only, `nothing` for None. `digest` is of the content: equal data, equal digest. `columns` holds
 * the first 1,000 columns, `text` a short form of values that are not tables.
 */
export interface Output {
  address: string;
  digest: string;
  kind: "json" | "nothing" | "pickle" | "table";
  rows: number | null;
  column_count: number | null;
  columns: Column[];
  size_bytes: number;
  type_name: string;
  text: string;
  notes: string[];
  within: string;
  holds: boolean;
  inputs: {
    [k: string]: Shape;
  };
  made_at: string | null;
  checks: CheckResult[];
  reached: Watermark | null;
}
/**
 * A column of a table; `type` is Arrow's name of it, as users see it.
 */
export interface Column {
  name: string;
  type: string;
}
/**
 * An output in short: how large it was, and where it lies.
 */
export interface Shape {
  address: string;
  rows: number | null;
  column_count: number | null;
  type_name: string;
}
/**
 * One `@check`, one entry of `checks:`, or the contract of a block, on its output.
 */
export interface CheckResult {
  name: string;
  state: "failed" | "passed" | "warned";
  message: string;
  line: number | null;
  count: number | null;
  rows: Output | null;
  refused: Output | null;
}
/**
 * The highest value of a column that was loaded. `value` is text that gives it back exactly.
 */
export interface Watermark {
  column: string;
  type: "date" | "datetime" | "datetime with zone" | "decimal" | "integer" | "number" | "string";
  value: string;
}
/**
 * Why a block run failed; a result of user code, never an exception of ours.
 */
export interface Failure {
  kind:
    | "check"
    | "died"
    | "disk-full"
    | "ended-early"
    | "exception"
    | "input"
    | "lost"
    | "memory"
    | "not-ready"
    | "timeout";
  type: string;
  message: string;
  line: number | null;
  frames: Frame[];
  hint: string;
  text: string;
  bases: string[];
}
/**
 * One level of a traceback. `mine` marks project code, as against a library's.
 */
export interface Frame {
  file: string;
  line: number;
  function: string;
  code: string;
  mine: boolean;
  values: {
    [k: string]: string;
  };
}
/**
 * Something shown with `display(...)` or as the last expression.
 *
 * `address` names its bytes in the store; `text` holds text/plain of at most 4 KiB itself.
 */
export interface Display {
  mime: string;
  address: string;
  text: string;
  size_bytes: number;
}
/**
 * A run that is not over, with the state of its blocks.
 */
export interface LiveRun {
  id: string;
  origin: "api" | "backfill" | "cli" | "editor" | "retry" | "trigger";
  state: "cancelled" | "failed" | "queued" | "running" | "succeeded";
  trigger: string | null;
  queued_at: string;
  started_at: string | null;
  blocks: {
    [k: string]:
      | "cached"
      | "cancelled"
      | "failed"
      | "queued"
      | "running"
      | "skipped"
      | "succeeded"
      | "waiting";
  };
}
/**
 * A snapshot of a pipeline's files. Triggers run that with the highest `number`.
 */
export interface PublishedVersion {
  pipeline: string;
  number: number;
  hash: string;
  message: string;
  published_at: string;
}
/**
 * Blocks, order, edges, parameters or title changed, here or outside.
 *
 * `sources` holds only those that differ from what was last sent.
 */
export interface PipelineChanged {
  op: "pipeline-changed";
  pipeline: string;
  seq: number;
  cause: string;
  title: string;
  parameters: Parameter[];
  values: {
    [k: string]: unknown;
  };
  blocks: BlockTable[];
  sources: {
    [k: string]: string;
  };
  diagnostics: Diagnostic[];
  undo: string | null;
  redo: string | null;
  problem: string | null;
  version: string;
}
/**
 * One block's source was saved, by `cause`, or edited outside (`cause` empty).
 */
export interface SourceChanged {
  op: "source-changed";
  pipeline: string;
  seq: number;
  cause: string;
  block: BlockTable;
  text: string;
  diagnostics: Diagnostic[];
  version: string;
}
/**
 * Triggers run this version from now on, here or by another process; None: none is left.
 */
export interface VersionPublished {
  op: "version-published";
  pipeline: string;
  seq: number;
  cause: string;
  version: PublishedVersion | null;
}
/**
 * The values that runs of the editor use are now these.
 */
export interface ParametersSet {
  op: "parameters-set";
  pipeline: string;
  seq: number;
  cause: string;
  values: {
    [k: string]: unknown;
  };
}
/**
 * Stale blocks that are cheap run by themselves from now on, or no more.
 */
export interface AutoRunSwitched {
  op: "auto-run-switched";
  pipeline: string;
  seq: number;
  cause: string;
  on: boolean;
}
/**
 * These blocks became fresh or stale, or are so for other reasons.
 */
export interface StalenessChanged {
  op: "staleness-changed";
  pipeline: string;
  seq: number;
  cause: string;
  blocks: {
    [k: string]: Staleness;
  };
}
/**
 * These blocks have another result to show, e.g. a known one after an edit was taken back.
 *
 * Events of runs whose origin is not `editor` never change a block's status by themselves; where
 * their results fit the draft, this event says so.
 */
export interface StatusReplaced {
  op: "status-replaced";
  pipeline: string;
  seq: number;
  cause: string;
  blocks: {
    [k: string]: BlockStatus;
  };
}
/**
 * A run was accepted and recorded; these are its blocks in order.
 */
export interface RunQueued {
  op: "run-queued";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  origin: "api" | "backfill" | "cli" | "editor" | "retry" | "trigger";
  blocks: string[];
  queued_at: string;
  trigger: string | null;
}
/**
 * The next ones to get a slot, by run and block, with their place in the line from 1.
 *
 * All other blocks that wait have no place yet. In the project's own log: of all pipelines.
 */
export interface QueueMoved {
  op: "queue-moved";
  pipeline: string;
  seq: number;
  cause: string;
  places: {
    [k: string]: {
      [k: string]: number;
    };
  };
}
/**
 * An attempt of a block began in a worker. The first one of a run starts the run.
 *
 * With `pokes` it is a sensor that has been asked so often before, and is asked again.
 */
export interface BlockStarted {
  op: "block-started";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  attempt: number;
  started_at: string;
  pokes: number;
}
/**
 * A sensor is not ready. It is asked again at `poke_at`, and has no worker until then.
 */
export interface BlockWaiting {
  op: "block-waiting";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  attempt: number;
  pokes: number;
  poke_at: string;
  give_up_at: string;
}
/**
 * A block has its output: computed (`succeeded`) or taken from the store (`cached`).
 */
export interface BlockFinished {
  op: "block-finished";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  state:
    "cached" | "cancelled" | "failed" | "queued" | "running" | "skipped" | "succeeded" | "waiting";
  attempt: number;
  output: Output;
  seconds: number;
  cache: string;
  finished_at: string;
  staleness: Staleness | null;
  checks: CheckResult[];
}
/**
 * An attempt failed; `retry_at` says when the next one starts, None that it was the last.
 */
export interface BlockFailed {
  op: "block-failed";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  attempt: number;
  failure: Failure;
  seconds: number;
  finished_at: string;
  retry_at: string | null;
  checks: CheckResult[];
}
/**
 * These blocks will not run.
 *
 * `because` is the block that failed or was cancelled, or says `sensor x is not ready`.
 */
export interface BlocksSkipped {
  op: "blocks-skipped";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  blocks: string[];
  because: string;
}
/**
 * These blocks were stopped, or taken off the queue.
 */
export interface BlocksCancelled {
  op: "blocks-cancelled";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  blocks: string[];
  finished_at: string;
}
/**
 * Stopping a block took its next stage: `interrupt`, `terminate` or `kill`.
 */
export interface StopAdvanced {
  op: "stop-advanced";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  stage: string;
}
/**
 * A run is over.
 */
export interface RunFinished {
  op: "run-finished";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  state: "cancelled" | "failed" | "queued" | "running" | "succeeded";
  finished_at: string;
  seconds: number;
  reason: string | null;
}
/**
 * A block wrote this; `offset` is the byte in its log where `text` begins.
 *
 * Bytes between the end of the last text and `offset` were too many to send: they are in the log.
 */
export interface LogAppended {
  op: "log-appended";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  offset: number;
  text: string;
}
/**
 * A block showed something rich.
 */
export interface Displayed {
  op: "displayed";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  display: Display;
}
/**
 * A block is at `done` of `total`.
 */
export interface ProgressMade {
  op: "progress-made";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: string;
  done: number;
  total: number | null;
}
/**
 * The session worker is now `none`, `starting`, `ready`, `busy` or `dead`.
 */
export interface WorkerChanged {
  op: "worker-changed";
  pipeline: string;
  seq: number;
  cause: string;
  state: string;
  rss_bytes: number | null;
}
/**
 * The pipeline was deleted or the server stops; no event follows.
 */
export interface SessionEnded {
  op: "session-ended";
  pipeline: string;
  seq: number;
  cause: string;
  reason: string;
}
/**
 * Project: a run was queued, started or ended.
 */
export interface RunChanged {
  op: "run-changed";
  pipeline: string;
  seq: number;
  cause: string;
  run: RunSummary;
}
/**
 * A run without its blocks, as lists show it.
 */
export interface RunSummary {
  id: string;
  pipeline: string;
  state: "cancelled" | "failed" | "queued" | "running" | "succeeded";
  origin: "api" | "backfill" | "cli" | "editor" | "retry" | "trigger";
  trigger: string | null;
  logical_time: string | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  seconds: number | null;
  blocks_done: number;
  blocks_total: number;
  reason: string | null;
  published: number | null;
  limits: RunLimits | null;
  retry: Retry | null;
}
/**
 * What a trigger allows its runs.
 */
export interface RunLimits {
  timeout_s: number | null;
  retries: number;
  backoff_s: number;
}
/**
 * Which try of a tick a run is, when it is not the first.
 */
export interface Retry {
  of: string;
  number: number;
  start_at: string;
}
/**
 * Project: a block of a run changed its state; for open run pages.
 */
export interface BlockRunChanged {
  op: "block-run-changed";
  pipeline: string;
  seq: number;
  cause: string;
  run: string;
  block: BlockRun;
}
/**
 * One execution of a block in a run. `cache` says hit or miss and why.
 */
export interface BlockRun {
  name: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language: "markdown" | "notebook" | "python" | "sql";
  state:
    "cached" | "cancelled" | "failed" | "queued" | "running" | "skipped" | "succeeded" | "waiting";
  cache: string | null;
  seconds: number | null;
  rows: number | null;
  address: string | null;
  key: string | null;
  parts: {
    [k: string]: string;
  };
  upstream: string[];
  started_at: string | null;
  finished_at: string | null;
  output: Output | null;
  failure: Failure | null;
  because: string | null;
  attempts: Attempt[];
  checks: CheckResult[];
  displays: Display[];
  pokes: number;
  poke_at: string | null;
  give_up_at: string | null;
  since: Since | null;
  place: number | null;
}
/**
 * One try of a block run.
 */
export interface Attempt {
  number: number;
  state:
    "cached" | "cancelled" | "failed" | "queued" | "running" | "skipped" | "succeeded" | "waiting";
  started_at: string | null;
  finished_at: string | null;
  failure: Failure | null;
  timings: Timings | null;
}
/**
 * Seconds of one attempt by phase; wall time in the worker.
 */
export interface Timings {
  start: number;
  load: number;
  call: number;
  save: number;
  wait: number;
}
/**
 * What a block run goes on from; pinned before its first attempt, the same for all of them.
 *
 * `version` counts the changes of the stored mark, 0 before the first, and `run` made the last of
 * them: the mark moves only while it is still that one. A count alone would not tell: a session
 * counts on when a run of its own ends, before that is written, and another process may as well.
 */
export interface Since {
  mark: Watermark | null;
  version: number;
  run: string | null;
}
/**
 * Project: the list of pipelines, or a title, changed on disk.
 */
export interface PipelinesChanged {
  op: "pipelines-changed";
  pipeline: string;
  seq: number;
  cause: string;
}
/**
 * Project: triggers of `of` were changed, paused, resumed, or fired.
 */
export interface TriggersChanged {
  op: "triggers-changed";
  pipeline: string;
  seq: number;
  cause: string;
  of: string;
}
/**
 * Project: a backfill was made, came further, was paused, resumed, cancelled, or is over.
 */
export interface BackfillChanged {
  op: "backfill-changed";
  pipeline: string;
  seq: number;
  cause: string;
  backfill: Backfill;
}
/**
 * Runs for a span of past ticks, `first` and `last` included.
 */
export interface Backfill {
  id: string;
  pipeline: string;
  trigger: string;
  state: "cancelled" | "finished" | "paused" | "running";
  first: string;
  last: string;
  timezone: string;
  which: "all" | "missing";
  skipped: boolean;
  parallel: number;
  order: "newest" | "oldest";
  created_at: string;
  finished_at: string | null;
  problem: string | null;
  total: number;
  counts: BackfillCounts;
  run_seconds: number | null;
  seconds_left: number | null;
}
/**
 * How many of a backfill's ticks are where; `passed` were run or running without it.
 */
export interface BackfillCounts {
  waiting: number;
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  passed: number;
}
/**
 * Project: something was sent to a channel, or could not be.
 */
export interface NotificationsChanged {
  op: "notifications-changed";
  pipeline: string;
  seq: number;
  cause: string;
}
/**
 * Project: headrace.yaml was changed, or a secret was kept or forgotten.
 */
export interface SettingsChanged {
  op: "settings-changed";
  pipeline: string;
  seq: number;
  cause: string;
}
/**
 * Project: so little is left on its disk that triggers start no runs, or enough again.
 */
export interface DiskSpaceChanged {
  op: "disk-space-changed";
  pipeline: string;
  seq: number;
  cause: string;
  low: boolean;
}
/**
 * The command was not carried out, and nothing changed.
 */
export interface Refused {
  op: "refused";
  req: string;
  error: ErrorBody;
}
/**
 * Inside of the one error shape `{"error": {...}}`.
 */
export interface ErrorBody {
  code: string;
  message: string;
  details: {
    [k: string]: unknown;
  };
}
/**
 * What a backfill would run, and how long that may take.
 */
export interface BackfillPlan {
  pipeline: string;
  trigger: string;
  first: string;
  last: string;
  parallel: number;
  counts: {
    [k: string]: number;
  };
  total: number;
  ticks: PastTick[];
  run_seconds: number | null;
  seconds: number | null;
  published: number | null;
}
/**
 * A tick up to now, and its newest run.
 */
export interface PastTick {
  at: string;
  local: string;
  state:
    | "cancelled"
    | "failed"
    | "forgotten"
    | "missing"
    | "running"
    | "skipped"
    | "succeeded"
    | "waiting";
  run: string | null;
  reason: string | null;
  scheduled: boolean;
}
/**
 * A backfill that is asked for.
 *
 * `from` and `to` are dates or moments in the trigger's zone, both included; without `to`, until
 * now.
 */
export interface BackfillRequest {
  trigger: string;
  from: string;
  to?: string | null;
  which?: "all" | "missing";
  skipped?: boolean;
  parallel?: number;
  order?: "newest" | "oldest";
}
/**
 * A block as a version has it.
 */
export interface BlockCode {
  name: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language: "markdown" | "notebook" | "python" | "sql";
  path: string;
  text: string;
  upstream: string[];
}
/**
 * How a block of one version differs from that of another; `what` names the keys.
 */
export interface BlockDifference {
  name: string;
  change: "added" | "changed" | "removed";
  what: string[];
  before: string | null;
  after: string | null;
}
/**
 * The code of a block made from a view. `notes` say how its rows differ from the view's.
 */
export interface BlockDraft {
  name: string;
  language: "markdown" | "notebook" | "python" | "sql";
  text: string;
  notes: string[];
}
/**
 * The columns of the output of one block, as its text and its last result tell.
 */
export interface BlockLineage {
  block: string;
  known_by: "name" | "query";
  columns: ColumnLineage[];
  unknown: string;
}
/**
 * What one column is made of.
 */
export interface ColumnLineage {
  name: string;
  type: string;
  expression: string;
  origins: ColumnOf[];
}
/**
 * A column of the output of a block.
 */
export interface ColumnOf {
  block: string;
  column: string;
}
/**
 * Whether a block gives what its cells give; `detail` says what differs, or why not known.
 */
export interface BlockProof {
  block: string;
  state: "different" | "same" | "unproven";
  detail: string;
}
/**
 * A line in the code of a block that a column of another name would break.
 */
export interface BrokenUse {
  block: string;
  line: number;
  column: number;
  text: string;
  known_by: "name" | "query";
}
/**
 * A channel of headrace.yaml and how it does. Its URL is never sent.
 */
export interface ChannelTable {
  name: string;
  service: string;
  events: ("failure" | "first_success" | "late" | "recovery")[];
  pipelines: string[];
  problem: string | null;
  sent_at: string | null;
  error: string | null;
  error_at: string | null;
  waiting: number;
}
/**
 * One axis. Times are milliseconds since 1970 of the clock of the column's own time zone.
 */
export interface ChartAxis {
  title: string;
  scale: "category" | "number" | "time";
  step: number | null;
  unit: ("day" | "hour" | "minute" | "month" | "quarter" | "week" | "year") | null;
  categories: (string | null)[];
}
/**
 * What is drawn. Of `rows` of the view, `left_out` have no value for an axis.
 *
 * `is_density` says that a scatter has cells with counts; `step` of both axes is then their size.
 */
export interface ChartData {
  kind: "bar" | "histogram" | "line" | "scatter";
  x: ChartAxis;
  y: ChartAxis;
  series: ChartSeries[];
  color: string | null;
  rows: number;
  left_out: number;
  is_density: boolean;
  others: number;
}
/**
 * What has one colour. The lists are of one length.
 *
 * `x` has numbers, or names where the axis is of categories (None for all others together); of
 * bins their lower edges. `y` is None where an aggregate has no values. `count` is of rows.
 * `name` is None without colours, and for the rows whose colour is null.
 */
export interface ChartSeries {
  name: string | null;
  is_others: boolean;
  x: (number | string | null)[];
  y: (number | null)[];
  count: number[];
}
/**
 * A column that one side has, or both.
 */
export interface ColumnChange {
  name: string;
  change: "added" | "removed" | "retyped" | "same";
  type: string | null;
  type_before: string | null;
  now: ColumnFacts | null;
  before: ColumnFacts | null;
  bins: string[];
  drift: number | null;
  changed: number | null;
}
/**
 * One column of one side. `min` and `max` are text; the figures of NaN and null are left out.
 *
 * `shares` are the parts of all rows that fall into each of the `bins` of its `ColumnChange`.
 */
export interface ColumnFacts {
  nulls: number;
  distinct: number | null;
  min: string | null;
  max: string | null;
  mean: number | null;
  quartiles: number[] | null;
  shares: number[];
}
/**
 * Statistics of one column; None where its type has no such thing.
 *
 * Numbers of rows, nulls, NaN and infinities, the least and the greatest value, the mean and the
 * histogram are always exact. `distinct`, `quantiles` and `top` are estimates unless `exact`.
 */
export interface ColumnProfile {
  name: string;
  at: number;
  type: string;
  rows: number;
  nulls: number;
  nans: number | null;
  infinities: number | null;
  min: string | null;
  max: string | null;
  mean: number | null;
  quantiles: number[] | null;
  distinct: number | null;
  exact: boolean;
  histogram: Histogram | null;
  top: TopValue[] | null;
}
/**
 * How many finite values lie in each of equal bins from `low` to `high`.
 *
 * Of whole numbers, a bin holds `step` of them, from `low` on.
 */
export interface Histogram {
  counts: number[];
  low: number;
  high: number;
  step: number | null;
}
/**
 * A value as text of at most 200 characters, and in how many rows it stands.
 */
export interface TopValue {
  value: string;
  count: number;
}
/**
 * Statistics of selected cells of one column; None where its type has no such thing.
 *
 * `count` is of cells that are not null. `sum` is text, exact for integers and decimals. NaN is
 * left out of `sum`, `mean`, `min` and `max`.
 */
export interface ColumnStatistics {
  name: string;
  at: number;
  type: string;
  count: number;
  nulls: number;
  sum: string | null;
  mean: number | null;
  min: string | null;
  max: string | null;
}
/**
 * This output (`now`) against another one (`before`).
 */
export interface Comparison {
  identical: boolean;
  rows: number;
  rows_before: number;
  columns: ColumnChange[];
  renamed: Renaming[];
  reordered: boolean;
  changes: RowChanges | null;
  suggested: string[];
  exact: boolean;
  notes: string[];
}
/**
 * A removed column that seems to be an added one under another name.
 */
export interface Renaming {
  name_before: string;
  name: string;
  sure: boolean;
}
/**
 * Rows matched by a key. Rows of a key that either side has twice are matched with none.
 */
export interface RowChanges {
  key: string[];
  added: number;
  removed: number;
  changed: number;
  same: number;
  repeated: number;
  repeated_before: number;
  problem: string;
}
/**
 * One proposal. `apply` replaces the text from `start` (code points before the cursor).
 */
export interface Completion {
  label: string;
  kind: "block" | "class" | "column" | "function" | "keyword" | "module" | "text" | "variable";
  detail: string;
  apply: string;
}
/**
 * Proposals for the place asked about; they replace `columns[start:cursor]` of that line.
 */
export interface Completions {
  start: number;
  items: Completion[];
}
/**
 * A connection by its parts, without the value of any secret.
 */
export interface ConnectionForm {
  kind: "duckdb" | "mariadb" | "mysql" | "other" | "postgresql" | "sqlite";
  host: string;
  port: number | null;
  database: string;
  user: string;
  secret: string;
  options: string;
  url: string;
}
/**
 * A connection of headrace.yaml.
 */
export interface ConnectionTable {
  name: string;
  form: ConnectionForm;
  secrets: SecretTable[];
  used_by: string[];
  plain_password: boolean;
}
/**
 * A secret that a connection asks for.
 */
export interface SecretTable {
  name: string;
  place: ("environment" | "file" | "keyring") | null;
}
/**
 * What came of opening a connection; `error` is None when the database answered.
 */
export interface ConnectionTested {
  product: string;
  version: string;
  seconds: number;
  error: string | null;
  hint: string;
}
/**
 * The connections of the project, in the order of headrace.yaml.
 */
export interface Connections {
  connections: ConnectionTable[];
  keyring: boolean;
  problems: string[];
}
/**
 * What is different from one version of a pipeline to another, by block and parameter.
 */
export interface Difference {
  blocks: BlockDifference[];
  parameters: ParameterDifference[];
  order: boolean;
}
/**
 * How a parameter differs; `before` and `after` are declarations in words.
 */
export interface ParameterDifference {
  name: string;
  change: "added" | "changed" | "removed";
  before: string;
  after: string;
}
/**
 * What would become of the blocks below if a column were called otherwise.
 */
export interface Impact {
  breaks: BrokenUse[];
  passes: ColumnOf[];
}
/**
 * What a person decided; keys are the numbers of the first cells of blocks.
 */
export interface ImportChoices {
  name: string | null;
  order: ("execution" | "position") | null;
  names: {
    [k: string]: string;
  };
  kinds: {
    [k: string]: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  };
  joins: number[][];
  unstorable: string[];
  whole: boolean;
}
/**
 * A pipeline to be, and where each cell of the notebook is in it.
 *
 * `files` are by path in the pipeline's folder. An `exported` notebook comes back as it left.
 */
export interface ImportPlan {
  name: string;
  title: string;
  order: "execution" | "position";
  cells: ImportedCell[];
  blocks: ImportedBlock[];
  files: {
    [k: string]: string;
  };
  choices: ImportChoices;
  requirements: string[];
  notes: string[];
  doubts: string[];
  exported: boolean;
  shared_blocks: {
    [k: string]: string;
  };
}
/**
 * One cell of the notebook; `number` counts from 1, `count` is what stands in `In [ ]`.
 */
export interface ImportedCell {
  number: number;
  kind: "code" | "markdown" | "raw";
  source: string;
  fate: "block" | "dropped" | "empty" | "parameters" | "scratch" | "shared" | "text";
  count: number | null;
  block: string | null;
  notes: string[];
}
/**
 * One block of the pipeline to be; its identity is its first cell, 0 of one without cells.
 */
export interface ImportedBlock {
  name: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language: "markdown" | "notebook" | "python" | "sql";
  cell: number;
  cells: number[];
  source: string;
  file: string;
  upstream: string[];
  gives: string[];
  made_in: {
    [k: string]: number;
  };
  whole: boolean;
  why: string[];
}
/**
 * What running both found. `plan` may be cut more coarsely than what was asked about.
 */
export interface ImportProof {
  proven: boolean;
  plan: ImportPlan;
  blocks: BlockProof[];
  files: BlockProof[];
  reasons: string[];
  seconds: number;
}
/**
 * Help on a name: `signature` on one line, `argument` the index of the one being typed.
 */
export interface Inspection {
  signature: string;
  argument: number | null;
  documentation: string;
  columns: ColumnOf[];
}
/**
 * A shared block that can be added to a pipeline.
 */
export interface LibraryBlock {
  path: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  language: "markdown" | "notebook" | "python" | "sql";
  title: string;
  description: string;
  form: Parameter[];
  arguments: string[];
  writable: boolean;
}
/**
 * All columns of a pipeline, upstream blocks first.
 */
export interface Lineage {
  pipeline: string;
  blocks: BlockLineage[];
}
/**
 * How a block fared in one run.
 */
export interface MatrixCell {
  state:
    "cached" | "cancelled" | "failed" | "queued" | "running" | "skipped" | "succeeded" | "waiting";
  seconds: number | null;
  attempts: number;
  reason: string | null;
}
/**
 * A block with one cell for each run; None where the run was without it.
 */
export interface MatrixRow {
  name: string;
  kind: "exporter" | "loader" | "markdown" | "sensor" | "transformer";
  cells: (MatrixCell | null)[];
}
/**
 * One notification to one channel.
 */
export interface NotificationTable {
  id: number;
  channel: string;
  event: "failure" | "first_success" | "late" | "recovery";
  pipeline: string;
  run: string | null;
  reason: string | null;
  state: "failed" | "sent" | "waiting";
  attempts: number;
  created_at: string;
  sent_at: string | null;
  error: string | null;
}
/**
 * All channels, and the newest notifications, newest first.
 */
export interface Notifications {
  channels: ChannelTable[];
  notifications: NotificationTable[];
  told: {
    [k: string]: Notify;
  };
  problems: string[];
}
/**
 * Which channels are told of a pipeline, by event; `line` is that in its pipeline.yaml.
 */
export interface Notify {
  failure: string[];
  recovery: string[];
  late: string[];
  first_success: string[];
  late_after_s: number | null;
  line: number;
}
/**
 * How the ticks of a day of the trigger's zone fared: how many there are of each state.
 */
export interface PastDay {
  day: string;
  counts: {
    [k: string]: number;
  };
}
/**
 * A result that a block gave, by the newest run that gave it.
 */
export interface PastResult {
  output: Output;
  run: string;
  origin: "api" | "backfill" | "cli" | "editor" | "retry" | "trigger";
  trigger: string | null;
  finished_at: string;
  times: number;
  stored: boolean;
}
/**
 * What a block's output can be compared with, newest first.
 */
export interface PastResults {
  results: PastResult[];
  scheduled: PastResult | null;
}
/**
 * The ticks of a trigger in a span, oldest first; `ticks` is empty when they are too many.
 */
export interface PastTicks {
  first: string;
  last: string;
  timezone: string;
  counts: {
    [k: string]: number;
  };
  days: PastDay[];
  ticks: PastTick[];
}
/**
 * A row of the home page.
 */
export interface PipelineSummary {
  name: string;
  title: string;
  blocks: number;
  problem: string | null;
  runs: RunSummary[];
  triggers: TriggerTable[];
  next_at: string | null;
  median_seconds: number | null;
  failing_since: string | null;
}
/**
 * A trigger with its state. Exactly one of `cron` to `changed` is set.
 */
export interface TriggerTable {
  id: string;
  pipeline: string;
  name: string;
  cron: string | null;
  every: string | null;
  at: string | null;
  webhook: boolean;
  files: string | null;
  after: string | null;
  changed: string | null;
  timezone: string;
  start: string | null;
  end: string | null;
  jitter: string | null;
  catchup: "all" | "latest" | "none";
  catchup_window: string | null;
  catchup_limit: number | null;
  overlap: "allow" | "cancel_previous" | "queue_all" | "queue_one" | "skip";
  timeout: string | null;
  retries: number | null;
  backoff: string | null;
  parameters: {
    [k: string]: unknown;
  };
  active: boolean;
  next_at: string | null;
  last_at: string | null;
  problem: string | null;
  skipped_at: string | null;
  skipped: string | null;
  waiting: number;
  has_secret: boolean;
}
/**
 * Statistics of the columns that were asked for.
 */
export interface Profile {
  rows: number;
  column_count: number;
  columns: ColumnProfile[];
}
/**
 * The code that a run pinned.
 */
export interface RunCode {
  version: string;
  published: number | null;
  blocks: BlockCode[];
}
/**
 * The newest runs of a pipeline, oldest first, and all of their blocks in order.
 */
export interface RunMatrix {
  runs: RunSummary[];
  blocks: MatrixRow[];
}
/**
 * A run whole: what `headrace run --json` prints and `GET runs/{id}` answers.
 */
export interface RunRecord {
  id: string;
  pipeline: string;
  state: "cancelled" | "failed" | "queued" | "running" | "succeeded";
  seconds: number | null;
  blocks: BlockRun[];
  origin: "api" | "backfill" | "cli" | "editor" | "retry" | "trigger";
  trigger: string | null;
  logical_time: string | null;
  interval_start: string | null;
  parameters: {
    [k: string]: unknown;
  };
  version: string;
  published: number | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  reason: string | null;
  limits: RunLimits | null;
  retry: Retry | null;
  attempt: number;
}
/**
 * Statistics of some rows of a view.
 */
export interface Statistics {
  rows: number;
  columns: ColumnStatistics[];
}
/**
 * A coming moment of a trigger: `at` in UTC, `local` with offset, `note` on clock changes.
 */
export interface Tick {
  at: string;
  local: string;
  note: string;
}
/**
 * A SQL text in another dialect, as a suggestion.
 */
export interface Translation {
  text: string;
  source: string;
  notes: string[];
}
/**
 * The code of a version. `difference` leads from it to the draft as it is now.
 */
export interface VersionCode {
  version: PublishedVersion;
  blocks: BlockCode[];
  parameters: Parameter[];
  difference: Difference;
}
/**
 * The versions of a pipeline, newest first, and how the draft differs from the newest.
 */
export interface VersionList {
  versions: PublishedVersion[];
  draft: string;
  difference: Difference;
}
/**
 * The stored mark of an incremental block, and who moved it last.
 */
export interface WatermarkTable {
  pipeline: string;
  block: string;
  mark: Watermark | null;
  version: number;
  run: string | null;
  moved_at: string | null;
}
