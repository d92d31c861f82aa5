// Starts `sft lsp` and leaves the rest to it: everything the editor knows of specs comes from there.

const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function program() {
  const configured = vscode.workspace.getConfiguration("sft").get("command", "sft");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const relative = /[\\/]/.test(configured) && !path.isAbsolute(configured);
  return relative && folder ? path.join(folder, configured) : configured;
}

async function start() {
  const server = { command: program(), args: ["lsp"] };
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{sft,jsonl,json,csv,parquet}");
  client = new LanguageClient("sft", "sft", server, {
    documentSelector: [{ language: "sft" }],
    synchronize: { fileEvents: watcher },
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `sft: \`${server.command} lsp\` does not start (${error.message}). ` +
        "Install it with pip install 'sft-lang[lsp]', or set sft.command."
    );
  }
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("sft.restart", async () => {
      await exports.deactivate();
      await start();
    })
  );
  await start();
};

exports.deactivate = async () => {
  if (client?.isRunning()) await client.stop();
};
