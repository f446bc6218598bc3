import { describe, expect, it } from "vitest";
import { KEPT_LINES, LONGEST_LINE, linesOf, Terminal, textOf } from "./terminal";

const shown = (text: string): string[] =>
  linesOf(text).flatMap(({ lines }) => lines.map((line) => textOf(line)));

function written(...texts: string[]): Terminal {
  const terminal = new Terminal();
  for (const text of texts) terminal.write(text);
  return terminal;
}

const all = (terminal: Terminal) => terminal.view().flatMap(({ lines }) => lines);

describe("a terminal", () => {
  it.each([
    ["lines", "a\nb\r\nc\n", ["a", "b", "c"]],
    ["a bar that overwrites itself", "10 %\r50 %\r100 %\ndone\r\n", ["100 %", "done"]],
    ["what a shorter text leaves of a longer one", "12345\rab", ["ab345"]],
    ["erasing to the end of the line", "12345\rab\u001b[K", ["ab"]],
    ["erasing the whole line", "12345\u001b[2K\rab", ["ab"]],
    ["backspace", "abc\b\bX\n\b\by", ["aXc", "y"]],
    ["two bars, one below the other", "a 1\nb 1\u001b[A\ra 2\n\rb 2", ["a 2", "b 2"]],
    ["moving to a column", "abc\u001b[2Dx\u001b[1Gy\u001b[2Cz", ["yxcz"]],
    ["a title that is set", "\u001b]0;title\u0007a\u001b]8;;x\u001b\\b", ["ab"]],
    ["codes that mean nothing here", "a\u001b[2J\u001b[?25l\u001b(Bb", ["ab"]],
    ["control characters, to be seen", "a\u0000b\u0007c\u001ad\u007f", ["a\\x00bc\ufffdd\\x7f"]],
  ])("shows %s", (_what, text, lines) => {
    expect(shown(text)).toEqual(lines);
  });

  it("colours what stands between the codes", () => {
    const [line] = all(written("a \u001b[31;1merror\u001b[0m b \u001b[38;5;2mgreen"));
    expect(line?.pieces).toEqual([
      { text: "a ", colour: null, bold: false },
      { text: "error", colour: "red", bold: true },
      { text: " b ", colour: null, bold: false },
      { text: "green", colour: "green", bold: false },
    ]);
  });

  it("puts codes together that came in two parts", () => {
    for (const parts of [
      ["a\u001b", "[31mb"],
      ["a\u001b[3", "1mb"],
    ]) {
      expect(all(written(...parts))[0]?.pieces[1]).toMatchObject({ text: "b", colour: "red" });
    }
  });

  it("keeps the last lines, with the numbers that they had", () => {
    const terminal = written(Array.from({ length: 3 * KEPT_LINES }, (_, n) => `${n}\n`).join(""));
    const chunks = terminal.view();
    const count = chunks.reduce((sum, { lines }) => sum + lines.length, 0);
    expect(count).toBeGreaterThanOrEqual(KEPT_LINES);
    expect(count).toBeLessThan(KEPT_LINES + 201);
    const [first] = chunks;
    expect(textOf(first?.lines[0] ?? { pieces: [], hidden: 0, gap: 0 })).toBe(`${first?.first}`);
  });

  it("does not let a line grow for ever", () => {
    const terminal = written("x".repeat(LONGEST_LINE - 1));
    for (let n = 0; n < 100; n += 1) terminal.write("y".repeat(1000));
    const [line] = all(terminal);
    expect(line && textOf(line)).toHaveLength(LONGEST_LINE);
    expect(line?.hidden).toBe(99_999);
    terminal.write("\rnew");
    expect(textOf(all(terminal)[0] ?? { pieces: [], hidden: 0, gap: 0 })).toMatch(/^newxx/);
  });

  it("notes what is missing, once for a line that keeps being overwritten", () => {
    const terminal = written("a\n1 %\r");
    terminal.gap(100);
    terminal.write("2 %\r");
    terminal.gap(50);
    terminal.write("3 %\nend");
    terminal.gap(7);
    const lines = all(terminal);
    expect(lines.map((line) => line.gap || textOf(line))).toEqual([
      "a",
      "1 %",
      150,
      "3 %",
      "end",
      7,
    ]);
  });

  it("gives the same chunk again while nothing in it changes", () => {
    const terminal = written("line\n".repeat(450));
    const before = terminal.view();
    terminal.write("more\n");
    const after = terminal.view();
    expect(after.slice(0, 2).every((chunk, n) => chunk === before[n])).toBe(true);
    expect(after[2]).not.toBe(before[2]);
    terminal.write("\u001b[100A\u001b[100A\u001b[100Achanged");
    expect(terminal.view()[0]).not.toBe(before[0]);
  });
});
