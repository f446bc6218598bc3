import { type ReactElement, StrictMode } from "react";
import { Routes } from "./routes";
import { type Server, ServerProvider } from "./session";
import { Boundary, Frame, usePlace } from "./ui";

/** Everything on the screen, for a server of any kind. */
export function App({ server }: { server: Server }): ReactElement {
  return (
    <StrictMode>
      <ServerProvider server={server}>
        <Frame>
          <Content />
        </Frame>
      </ServerProvider>
    </StrictMode>
  );
}

function Content(): ReactElement {
  const { path } = usePlace();
  return (
    <Boundary of={path}>
      <Routes />
    </Boundary>
  );
}
