// Pictures of the built pages with example data: node frontend/scripts/screens.mjs FOLDER [CHROMIUM]
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { exampleProject } from "./example.mjs";

const [folder = "screens", executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const built = join(dirname(fileURLToPath(import.meta.url)), "../../backend/headrace/static");
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const origin = "http://headrace.test";
const project = exampleProject(Date.now());

const PAGES = [
  ["home", "/"],
  ["runs", "/runs"],
  ["run", "/p/late_flights/runs/run00000000000000008"],
  ["schedules", "/schedules"],
  ["settings", "/settings"],
  ["new", "/", (page) => page.getByRole("button", { name: "New pipeline" }).click()],
  ["palette", "/", (page) => page.keyboard.press("Control+k")],
  ["help", "/", (page) => page.keyboard.press("?")],
  ["sheet", "/p/late_flights", (page) => page.keyboard.press("Control+Shift+S")],
];
const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", html: "text/html" };

function ticks(body) {
  const step = body.cron === "0 6 * * *" ? 86_400_000 : 3_600_000;
  return Array.from({ length: body.count ?? 5 }, (_, index) => {
    const at = new Date(Date.now() + step * (index + 0.4));
    const note = index === 1 && body.count === 5 ? "02:30 does not exist: clocks go forward" : "";
    return { at: at.toISOString(), local: at.toISOString().replace("Z", "+00:00"), note };
  });
}

function answer(path, request) {
  if (path === "pipelines") return { pipelines: project.pipelines };
  if (path === "runs") return { runs: project.runs, next: "more" };
  if (path.endsWith("/log")) return project.log;
  if (path.startsWith("runs/")) return project.record;
  if (path === "triggers/preview") return { ticks: ticks(request.postDataJSON()) };
  if (path === "timezones") return { timezones: ["UTC", "Europe/Berlin"] };
  if (path.endsWith("/triggers")) return { triggers: [] };
  if (path === "status") {
    return {
      version: "0.1.0",
      project: "examples",
      state: "ready",
      problem: null,
      scheduler: true,
      pipelines: 5,
      sessions: 1,
      runs: 1,
      peak_rss_bytes: 71e6,
      loop_lag_ms: 1.2,
      store_bytes: 1.3e9,
    };
  }
  return {};
}

async function serve(route) {
  const request = route.request();
  const { pathname } = new URL(request.url());
  if (pathname.startsWith("/api/")) {
    const body = answer(pathname.slice(5), request);
    return typeof body === "string" ? route.fulfill({ body }) : route.fulfill({ json: body });
  }
  const file = pathname.startsWith("/assets/") ? pathname.slice(1) : "index.html";
  const contentType = TYPES[file.split(".").at(-1)];
  return route.fulfill({ body: readFileSync(join(built, file)), contentType });
}

function converse(socket) {
  socket.onMessage((text) => {
    const { op, pipeline } = JSON.parse(text);
    if (op !== "open-session") return;
    socket.send(
      JSON.stringify({
        op: "snapshot-taken",
        pipeline,
        seq: 0,
        cause: "",
        epoch: "e",
        state: null,
      }),
    );
  });
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
let faults = 0;
for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
  ]) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    for (const [name, path, act] of PAGES) {
      const page = await context.newPage();
      const say = (text) => {
        faults += 1;
        process.stdout.write(`${name} ${colorScheme} ${width}: ${text}\n`);
      };
      page.on("pageerror", (error) => say(error.message));
      page.on("console", (message) => message.type() === "error" && say(message.text()));
      await page.route("**/*", serve);
      await page.routeWebSocket(/api\/events/, converse);
      await page.goto(origin + path);
      await page.waitForLoadState("networkidle");
      await act?.(page);
      await page.waitForTimeout(act === undefined ? 300 : 900);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`) });
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, nodes } of violations) {
        say(
          `axe ${id}: ${nodes
            .slice(0, 3)
            .map((node) => node.target.join(" "))
            .join("; ")}`,
        );
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
process.exitCode = faults === 0 ? 0 : 1;
