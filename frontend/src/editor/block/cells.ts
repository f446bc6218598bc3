/** The cells of a notebook, as far as they are shown. */

export interface NotebookCell {
  kind: "code" | "markdown" | "raw";
  source: string;
  /** The cell that the form of the block is made of. */
  isParameters: boolean;
}

/** Reads the text of an .ipynb; null when it is none. */
export function cellsOf(text: string): NotebookCell[] | null {
  let book: unknown;
  try {
    book = JSON.parse(text);
  } catch {
    return null;
  }
  const cells = field(book, "cells");
  return Array.isArray(cells) ? cells.map(cellOf) : null;
}

function cellOf(cell: unknown): NotebookCell {
  const kind = field(cell, "cell_type");
  const source = field(cell, "source");
  const tags = field(field(cell, "metadata"), "tags");
  return {
    kind: kind === "markdown" || kind === "raw" ? kind : "code",
    source: Array.isArray(source) ? source.join("") : String(source ?? ""),
    isParameters: Array.isArray(tags) && tags.includes("parameters"),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
