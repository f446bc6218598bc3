/** Writing checks: the editor says how, for the block that is looked at. */
import { type Context, createContext } from "react";
import type { Expectation } from "../protocol";

/** Writes a check of a block's output; `typeName` is what the block returned. */
export type Expect = (expectation: Partial<Expectation>, typeName: string) => void;

/** Null where no check can be written: on the page of a run. */
export const ExpectContext: Context<Expect | null> = createContext<Expect | null>(null);
