/**
 * JupyterLab's view of Headrace: a card in the launcher that opens the app in a tab.
 *
 * Written by hand in the form that JupyterLab loads, a container of module federation: `init` gets the
 * modules that JupyterLab shares, `get` gives ours. So it needs no build of its own.
 */
(() => {
  const COMMAND = "headrace:open";
  const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#0b66c3"/><g fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"><path d="M4.5 9.5c2.5-2.2 5-2.2 7.5 0s5 2.2 7.5 0"/><path d="M4.5 15c2.5-2.2 5-2.2 7.5 0s5 2.2 7.5 0"/></g></svg>`;
  let shared = {};

  async function use(name) {
    const [provider] = Object.values(shared[name]);
    return (await provider.get())();
  }

  async function makePlugin() {
    const names = ["apputils", "launcher", "coreutils", "ui-components", "application"];
    const [apputils, launchers, { PageConfig }, components, { ILayoutRestorer }] =
      await Promise.all(names.map((name) => use(`@jupyterlab/${name}`)));
    const { Widget } = await use("@lumino/widgets");
    const icon = new components.LabIcon({ name: "headrace:icon", svgstr: ICON });

    function makeTab() {
      const frame = document.createElement("iframe");
      frame.src = `${PageConfig.getBaseUrl()}headrace/`;
      frame.title = "Headrace";
      frame.style.border = "0";
      const content = new Widget({ node: frame });
      const tab = new apputils.MainAreaWidget({ content });
      tab.id = "headrace";
      tab.title.label = "Headrace";
      tab.title.caption = "Headrace: pipelines of this folder";
      tab.title.icon = icon;
      tab.title.closable = true;
      tab.toolbar.hide();
      return tab;
    }

    function activate(app, launcher, palette, restorer) {
      const tracker = new apputils.WidgetTracker({ namespace: "headrace" });
      let tab = null;
      app.commands.addCommand(COMMAND, {
        label: "Headrace",
        caption: "Open the pipelines of this folder",
        icon,
        execute: async () => {
          if (tab === null || tab.isDisposed) tab = makeTab();
          if (!tracker.has(tab)) await tracker.add(tab);
          if (!tab.isAttached) app.shell.add(tab, "main");
          app.shell.activateById(tab.id);
        },
      });
      launcher?.add({ command: COMMAND, category: "Other", rank: 1 });
      palette?.addItem({ command: COMMAND, category: "Other" });
      restorer?.restore(tracker, { command: COMMAND, name: () => "headrace" });
    }

    return {
      id: "headrace:tab",
      description: "Opens Headrace in a tab.",
      autoStart: true,
      optional: [launchers.ILauncher, apputils.ICommandPalette, ILayoutRestorer],
      activate,
    };
  }

  const containers = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB = containers;
  containers.headrace = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const plugin = await makePlugin();
      return () => plugin;
    },
  };
})();
