import "./styles/tokens.css";
import "./styles/base.css";
import "./ui/ui.css";
import "./ui/shell.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { base, createClient, eventsUrl, websocketTransport } from "./client";
import { createServer } from "./session";
import { applyTheme } from "./ui/theme";

applyTheme();
const server = createServer(createClient(websocketTransport(() => eventsUrl(base))));
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App server={server} />);
