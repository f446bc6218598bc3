/** A connection as a form: what it starts with, what is wrong with it, how it reads. */
import type { ConnectionForm, ConnectionTable } from "../protocol";

export type ConnectionKind = ConnectionForm["kind"];
/** Where the password comes from. */
export type PasswordPlace = "file" | "keyring" | "environment" | "none";

export const KINDS: readonly (readonly [kind: ConnectionKind, words: string])[] = [
  ["postgresql", "PostgreSQL"],
  ["mysql", "MySQL"],
  ["mariadb", "MariaDB"],
  ["sqlite", "SQLite file"],
  ["duckdb", "DuckDB file"],
  ["other", "Another database, by its URL"],
];

export const PLACES: readonly (readonly [place: PasswordPlace, words: string])[] = [
  ["file", "Encrypted file of this project"],
  ["keyring", "Keyring of this machine"],
  ["environment", "Environment variable of the server"],
  ["none", "No password"],
];

const PORTS: Partial<Record<ConnectionKind, number>> = {
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
};
const PLACE_WORDS = {
  environment: "from the environment",
  file: "in the encrypted file",
  keyring: "in the keyring",
} as const;

/** What the dialog holds; the password is what was typed just now. */
export interface Typed {
  name: string;
  form: ConnectionForm;
  port: string;
  place: PasswordPlace;
  /** null: as the name of the connection suggests. */
  secret: string | null;
  password: string;
}

export type FieldName = "name" | "host" | "port" | "database" | "user" | "secret" | "url";

export function typedOf(table: ConnectionTable | null): Typed {
  const form = table?.form ?? {
    kind: "postgresql",
    host: "",
    port: null,
    database: "",
    user: "",
    secret: "",
    options: "",
    url: "",
  };
  const found = table?.secrets.find(({ name }) => name === form.secret);
  const isKept = table === null || table.plain_password || form.secret !== "";
  return {
    name: table?.name ?? "",
    form,
    port: form.port === null ? "" : String(form.port),
    place: found?.place ?? (isKept ? "file" : "none"),
    secret: form.secret === "" ? null : form.secret,
    password: "",
  };
}

/** WAREHOUSE_PASSWORD for the connection warehouse. */
export function secretOf({ name, secret }: Typed): string {
  if (secret !== null) return secret;
  const stem = name.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return stem === "" ? "" : `${/^\d/.test(stem) ? "_" : ""}${stem}_PASSWORD`;
}

export function isFile(kind: ConnectionKind): boolean {
  return kind === "sqlite" || kind === "duckdb";
}

export function hasServer(kind: ConnectionKind): boolean {
  return !isFile(kind) && kind !== "other";
}

export function portOf(kind: ConnectionKind): string {
  return String(PORTS[kind] ?? "");
}

/** The form that the server gets: fields that its kind does not have are empty. */
export function formOf(typed: Typed): ConnectionForm {
  const { form, place, port } = typed;
  const { kind } = form;
  const none = {
    kind,
    host: "",
    port: null,
    database: "",
    user: "",
    secret: "",
    options: "",
    url: "",
  };
  if (kind === "other") return { ...none, url: form.url.trim() };
  const database = form.database.trim();
  const options = form.options.trim().replace(/^\?/, "");
  if (isFile(kind)) return { ...none, database, options };
  return {
    ...none,
    host: form.host.trim(),
    port: port.trim() === "" ? null : Number(port),
    database,
    user: form.user.trim(),
    secret: place === "none" ? "" : secretOf(typed).trim(),
    options,
  };
}

/** The password that goes along, null when none was typed. */
export function passwordOf(typed: Typed): { value: string; place: "file" | "keyring" } | null {
  const { place, password, form } = typed;
  if (password === "" || !hasServer(form.kind)) return null;
  return place === "file" || place === "keyring" ? { value: password, place } : null;
}

/** What is wrong with a field, as far as it shows before the server looks. */
export function problemsOf(
  typed: Typed,
  taken: readonly string[],
): Partial<Record<FieldName, string>> {
  const form = formOf(typed);
  const problems: Partial<Record<FieldName, string>> = {};
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(typed.name)) {
    problems.name = "A letter, then letters, digits, _ or -, such as warehouse.";
  } else if (taken.includes(typed.name)) {
    problems.name = `There is a connection ${typed.name} already.`;
  }
  if (form.kind === "other") {
    if (form.url === "") problems.url = `Write a URL, such as oracle://user:\${NAME}@host/x.`;
    return problems;
  }
  if (form.database === "") {
    problems.database = isFile(form.kind) ? "Name the file." : "Name the database.";
  }
  if (!hasServer(form.kind)) return problems;
  if (form.host === "") problems.host = "Name the machine, such as db.example.";
  const { port } = form;
  if (port !== null && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    problems.port = "A port is a number from 1 to 65535.";
  }
  if (form.secret !== "" && form.user === "") problems.user = "A password needs a user.";
  if (typed.place !== "none" && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(form.secret)) {
    problems.secret = "Letters, digits and _ only, such as WAREHOUSE_PASSWORD.";
  }
  return problems;
}

/** "reader at db.example:5432/warehouse", or the file, or the URL. */
export function whereWords({ kind, host, port, database, user, url }: ConnectionForm): string {
  if (kind === "other") return url;
  if (isFile(kind)) return database;
  const machine = `${host}${port === null ? "" : `:${port}`}/${database}`;
  return user === "" ? machine : `${user} at ${machine}`;
}

/** "WAREHOUSE_PASSWORD in the encrypted file", each secret that was found. */
export function secretWords({ secrets }: Pick<ConnectionTable, "secrets">): string {
  return secrets
    .flatMap(({ name, place }) => (place === null ? [] : [`${name} ${PLACE_WORDS[place]}`]))
    .join(", ");
}

/** Why a connection cannot be opened as it is declared; null when nothing is missing. */
export function missingWords({ secrets }: Pick<ConnectionTable, "secrets">): string | null {
  const missing = secrets.filter(({ place }) => place === null).map(({ name }) => name);
  if (missing.length === 0) return null;
  return `${missing.join(" and ")} ${missing.length === 1 ? "has" : "have"} no value anywhere`;
}

export function kindWords(kind: ConnectionKind): string {
  return kind === "other" ? "by its URL" : (KINDS.find(([one]) => one === kind)?.[1] ?? kind);
}
