import { describe, expect, it } from "vitest";
import type { ConnectionTable } from "../protocol";
import {
  formOf,
  missingWords,
  passwordOf,
  problemsOf,
  secretOf,
  secretWords,
  type Typed,
  typedOf,
  whereWords,
} from "./connectionForm";

const TABLE: ConnectionTable = {
  name: "warehouse",
  form: {
    kind: "postgresql",
    host: "db.example",
    port: 6432,
    database: "dwh",
    user: "reader",
    secret: "DWH",
    options: "sslmode=require",
    url: "",
  },
  secrets: [{ name: "DWH", place: "file" }],
  used_by: [],
  plain_password: false,
};

function typed(changed: Partial<Typed> = {}, form: Partial<Typed["form"]> = {}): Typed {
  const before = typedOf(TABLE);
  return { ...before, ...changed, form: { ...before.form, ...form } };
}

describe("a connection as a form", () => {
  it("goes back as it came when nothing is typed", () => {
    expect(formOf(typedOf(TABLE))).toEqual(TABLE.form);
    expect(passwordOf(typedOf(TABLE))).toBeNull();
    expect(problemsOf(typedOf(TABLE), [])).toEqual({});
  });

  it("names the secret after the connection until somebody names it", () => {
    const fresh = { ...typedOf(null), name: "my-dwh.2" };
    expect(secretOf(fresh)).toBe("MY_DWH_2_PASSWORD");
    expect(secretOf({ ...fresh, name: "2nd" })).toBe("_2ND_PASSWORD");
    expect(secretOf({ ...fresh, secret: "OWN" })).toBe("OWN");
    expect(secretOf(typedOf(null))).toBe("");
  });

  it("sends only what its kind has", () => {
    const file = formOf(typed({}, { kind: "sqlite", database: " data/a.db " }));
    expect(file).toMatchObject({ database: "data/a.db", host: "", user: "", secret: "" });
    expect(formOf(typed({}, { kind: "other", url: "oracle://x/y" }))).toMatchObject({
      url: "oracle://x/y",
      database: "",
    });
    expect(formOf(typed({ place: "none" })).secret).toBe("");
  });

  it.each([
    ["file", { value: "x", place: "file" }],
    ["keyring", { value: "x", place: "keyring" }],
    ["environment", null],
    ["none", null],
  ] as const)("sends a password that is from %s as %j", (place, sent) => {
    expect(passwordOf(typed({ password: "x", place }))).toEqual(sent);
  });

  it.each([
    [{ name: "2x" }, {}, "name"],
    [{ name: "shop" }, {}, "name"],
    [{ port: "70000" }, {}, "port"],
    [{ port: "x" }, {}, "port"],
    [{ secret: "A-B" }, {}, "secret"],
    [{}, { host: " " }, "host"],
    [{}, { database: "" }, "database"],
    [{}, { user: "" }, "user"],
    [{}, { kind: "sqlite", database: "" }, "database"],
    [{}, { kind: "other" }, "url"],
  ] as const)("says what is wrong: %j %j → %s", (changed, form, field) => {
    expect(Object.keys(problemsOf(typed(changed, form), ["shop"]))).toEqual([field]);
  });
});

describe("a connection in words", () => {
  it.each([
    [{}, "reader at db.example:6432/dwh"],
    [{ user: "", port: null }, "db.example/dwh"],
    [{ kind: "duckdb", database: "a.duckdb" }, "a.duckdb"],
    [{ kind: "other", url: "oracle://x" }, "oracle://x"],
  ] as const)("says where it leads: %j", (form, words) => {
    expect(whereWords({ ...TABLE.form, ...form })).toBe(words);
  });

  it("says where its secrets are, and which are nowhere", () => {
    expect(secretWords(TABLE)).toBe("DWH in the encrypted file");
    expect(missingWords(TABLE)).toBeNull();
    const lost = { secrets: [{ name: "A", place: null }] };
    expect([secretWords(lost), missingWords(lost)]).toEqual(["", "A has no value anywhere"]);
  });
});
