/** From looking to code: whoever shows data asks the editor for a block of what is looked at. */
import { type Context, createContext } from "react";
import type { Chart, Step, View } from "../protocol";

export interface BlockRequest {
  /** The block whose output is looked at. */
  upstream: string;
  view: View;
  steps: readonly Step[];
  /** Makes a block of this chart of the view; null: of its rows. */
  chart: Chart | null;
  /** The block is there. */
  onMade?: () => void;
}

/** Opens the dialog that makes a block; null where there is no editor, as on the page of a run. */
export const MakeBlockContext: Context<((request: BlockRequest) => void) | null> = createContext<
  ((request: BlockRequest) => void) | null
>(null);
