// The form that asks for the token once. It works without a script.

import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { DashboardFiles } from "./dashboard-files.ts";
import { pageHead } from "./page.ts";

interface LoginPage {
  readonly files: DashboardFiles;
  /** The query of the page that was wanted, with its `?`; "" for none. */
  readonly search: string;
  /** What is wrong; "" at first. */
  readonly says: string;
}

export function loginPage({ files, search, says }: LoginPage): HtmlEscapedString | Promise<HtmlEscapedString> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${pageHead("Log in · pgsoak", files)}
      </head>
      <body class="login">
        <main class="card">
          <h1 class="brand"><span class="logo" aria-hidden="true"></span>pgsoak</h1>
          <form method="post" action="/login">
            <p class="lead">This pgsoak asks for its token once.</p>
            <input type="text" name="username" value="pgsoak" autocomplete="username" hidden />
            <div class="field">
              <label for="token">Token</label>
              <input
                id="token"
                name="token"
                type="password"
                required
                autofocus
                autocomplete="current-password"
                maxlength="4096"
                ${says === "" ? "" : html`aria-invalid="true" aria-describedby="says"`}
              />
            </div>
            ${says === "" ? "" : html`<p class="says" id="says" role="alert">${says}</p>`}
            <input type="hidden" name="search" value="${search}" />
            <button type="submit" class="primary">Log in</button>
            <p class="hint">
              It is <code>token</code> or <code>token_file</code> under <code>[api]</code> in pgsoak’s configuration.
              The browser keeps a random session, not the token.
            </p>
          </form>
        </main>
      </body>
    </html>`;
}
