/** Which notebook was chosen on the page before; lives as long as the page does. */
export interface ChosenNotebook {
  file: string;
  text: string;
}

let chosen: ChosenNotebook | null = null;

export function chosenNotebook(): ChosenNotebook | null {
  return chosen;
}

/** Reads a file and keeps it without its outputs: they are not imported, and may be huge. */
export async function chooseNotebook(file: File): Promise<void> {
  chosen = { file: file.name, text: withoutOutputs(await file.text()) };
}

/** What cannot be read goes to the server as it is, which says what is wrong with it. */
export function withoutOutputs(text: string): string {
  try {
    const book = JSON.parse(text) as { cells?: unknown; worksheets?: unknown };
    const sheets = Array.isArray(book.worksheets) ? book.worksheets : [book];
    for (const sheet of sheets as { cells?: unknown }[]) {
      for (const cell of (Array.isArray(sheet.cells) ? sheet.cells : []) as Record<
        string,
        unknown
      >[]) {
        if (cell !== null && typeof cell === "object" && Array.isArray(cell.outputs)) {
          cell.outputs = [];
        }
      }
    }
    return JSON.stringify(book);
  } catch {
    return text;
  }
}
