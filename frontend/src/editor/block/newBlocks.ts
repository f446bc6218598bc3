/** What can be added by hand, in the order in which it is offered. */
import type { Kind, Language } from "../../protocol";

export interface NewBlockChoice {
  id: string;
  kind: Kind;
  language: Language;
  title: string;
  short: string;
  detail: string;
  /** The key in the type menu. */
  letter: string;
  inRow: boolean;
}

export const NEW_BLOCKS: readonly NewBlockChoice[] = [
  {
    id: "loader",
    kind: "loader",
    language: "python",
    title: "loader",
    short: "loader",
    detail: "Python that brings data in",
    letter: "l",
    inRow: true,
  },
  {
    id: "transformer",
    kind: "transformer",
    language: "python",
    title: "transformer",
    short: "transformer",
    detail: "Python from data to data",
    letter: "t",
    inRow: true,
  },
  {
    id: "sql",
    kind: "transformer",
    language: "sql",
    title: "SQL transformer",
    short: "SQL",
    detail: "One select over upstream blocks",
    letter: "q",
    inRow: true,
  },
  {
    id: "exporter",
    kind: "exporter",
    language: "python",
    title: "exporter",
    short: "exporter",
    detail: "Python that writes data out",
    letter: "e",
    inRow: true,
  },
  {
    id: "sensor",
    kind: "sensor",
    language: "python",
    title: "sensor",
    short: "sensor",
    detail: "Waits until something is there",
    letter: "s",
    inRow: false,
  },
  {
    id: "sql-loader",
    kind: "loader",
    language: "sql",
    title: "SQL loader",
    short: "SQL loader",
    detail: "One select on a connection",
    letter: "d",
    inRow: false,
  },
  {
    id: "markdown",
    kind: "markdown",
    language: "markdown",
    title: "text",
    short: "text",
    detail: "Words between the blocks",
    letter: "m",
    inRow: true,
  },
];
