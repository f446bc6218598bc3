/** Places in the editor that other features fill; the routes put the two together. */
import { type ComponentType, type Context, createContext } from "react";
import type { BlockTable, Language, Output } from "../protocol";

export interface PreviewProps {
  output: Output;
  /** Whose output it is: it is shown as it was left. */
  of?: { pipeline: string; block: string };
  /** Pixels. */
  height?: number;
}

export interface DataPanelProps {
  block: BlockTable | null;
  output: Output | null;
  pinned: boolean;
  onPin(pinned: boolean): void;
}

export interface ScheduleSheetProps {
  pipeline: string;
  onClose(): void;
}

export interface CanvasProps {
  selected: string | null;
  /** The blocks that the code of a block names as it is typed: edges that are about to come. */
  typed: Readonly<Record<string, readonly string[]>>;
  /** Keys of the canvas are live while it has the focus. */
  onSelect(block: string): void;
  /** Shows the block in the list. */
  onOpen(block: string): void;
  onAdd(): void;
  onRun(block: string): void;
  onConnect(upstream: string, downstream: string): void;
  onDisconnect(upstream: string, downstream: string): void;
  /** Opens the list of targets of an edge from this block. */
  onChooseTarget(block: string): void;
  /** Why something cannot be done, in words. */
  onRefuse(reason: string): void;
}

export interface CompareOutputsProps {
  output: Output;
  before: Output;
  /** What `before` is, within a sentence: "the run of 06:00". */
  words: string;
}

export interface DifferenceProps {
  mine: string;
  theirs: string;
  titles?: readonly [string, string];
  language: Language;
}

export interface EditorSlots {
  Preview?: ComponentType<PreviewProps>;
  DataPanel?: ComponentType<DataPanelProps>;
  ScheduleSheet?: ComponentType<ScheduleSheetProps>;
  Canvas?: ComponentType<CanvasProps>;
}

export const EditorSlotsContext: Context<EditorSlots> = createContext<EditorSlots>({});
