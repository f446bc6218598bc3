import { describe, expect, it } from "vitest";
import { shortPath } from "./failure";

describe("the file of a frame", () => {
  it.each([
    ["/home/me/flights/pipelines/late/late.py", "pipelines/late/late.py"],
    ["C:\\work\\flights\\blocks\\loaders\\read.py", "blocks/loaders/read.py"],
    ["/env/lib/python3.11/site-packages/pandas/core/frame.py", "pandas/core/frame.py"],
    ["/usr/lib/python3.11/json/decoder.py", "/usr/lib/python3.11/json/decoder.py"],
  ])("%s is %s", (file, short) => {
    expect(shortPath(file)).toBe(short);
  });
});
