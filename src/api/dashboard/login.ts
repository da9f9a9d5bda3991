// POST /login and POST /logout: the token once, then a cookie that scripts can't read and other sites can't send. EventSource
// and links can't carry a bearer token, a browser's address bar neither.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Api, ApiContext, ApiEnv } from "../api-context.ts";
import { noParameters } from "../strict-query.ts";
import { isToken } from "../token-guard.ts";
import { dashboardFiles } from "./dashboard-files.ts";
import type { LoginAttempts } from "./login-attempts.ts";
import { loginPage } from "./login-page.ts";
import { PAGE_HEADERS } from "./page-headers.ts";
import { SESSION_COOKIE, SESSION_SECONDS, type Sessions } from "./sessions.ts";

const TOKEN_CHARACTERS_MAX = 4096;
const SEARCH_CHARACTERS_MAX = 2000;
const REFUSED = "This is not the token.";

const html = { "text/html": { schema: z.string() } };

const formRoute = createRoute({
  method: "get",
  path: "/login",
  summary: "The form that begins a session, as HTML",
  request: { query: noParameters },
  responses: { 200: { description: "The form", content: html } },
});

const loginRoute = createRoute({
  method: "post",
  path: "/login",
  summary: "Begins a session: the token once, then a cookie",
  request: {
    query: noParameters,
    body: {
      required: true,
      content: {
        "application/x-www-form-urlencoded": {
          schema: z.object({
            token: z.string().max(TOKEN_CHARACTERS_MAX),
            search: z.string().max(SEARCH_CHARACTERS_MAX).default("").describe("the query of the page to go on to"),
          }),
        },
      },
    },
  },
  responses: {
    303: { description: "Logged in; the page comes next" },
    401: { description: "Not the token", content: html },
    429: { description: "Too many wrong tokens from this address; Retry-After says how long to wait", content: html },
  },
});

const logoutRoute = createRoute({
  method: "post",
  path: "/logout",
  summary: "Ends the session",
  request: { query: noParameters },
  responses: { 303: { description: "Logged out; the form comes next" } },
});

export interface Login {
  readonly sessions: Sessions;
  readonly attempts: LoginAttempts;
}

/** The page that was wanted; nothing but a query of our own page. */
const target = (search: string): string => (/^\?[\w.~%&=+*:-]*$/.test(search) ? `/${search}` : "/");

/** As far as that can be known: a proxy in front of us says so. */
function isBehindTls(c: Context<ApiEnv>): boolean {
  return c.req.header("x-forwarded-proto")?.split(",", 1)[0]?.trim().toLowerCase() === "https";
}

const show = async (c: Context<ApiEnv>, status: 200 | 401 | 429, search: string, says: string) =>
  c.html(await loginPage({ files: dashboardFiles(), search, says }), status, PAGE_HEADERS);

export function addLoginRoutes(api: Api, context: ApiContext, { sessions, attempts }: Login): void {
  api.openapi(formRoute, async (c) => show(c, 200, "", ""));
  api.openapi(loginRoute, async (c) => {
    const { token: offered, search } = c.req.valid("form");
    const { token } = context.config.api;
    if (token === null) return c.redirect(target(search), 303);
    const address = c.env?.incoming?.socket.remoteAddress ?? "";
    const waitSeconds = attempts.waitSeconds(address);
    if (waitSeconds > 0) {
      c.header("retry-after", String(waitSeconds));
      return show(c, 429, search, `Too many wrong tokens: try again in ${waitSeconds} s.`);
    }
    if (!isToken(offered.trim(), token)) {
      context.log.warn("a login to the dashboard was refused", { address, refused: attempts.refused + 1 });
      await attempts.failed(address);
      return show(c, 401, search, REFUSED);
    }
    setCookie(c, SESSION_COOKIE, sessions.begin(token), {
      httpOnly: true,
      sameSite: "Strict",
      secure: isBehindTls(c),
      path: "/",
      maxAge: SESSION_SECONDS,
    });
    return c.redirect(target(search), 303);
  });
  api.openapi(logoutRoute, (c) => {
    const id = getCookie(c, SESSION_COOKIE);
    if (id !== undefined) sessions.end(id);
    deleteCookie(c, SESSION_COOKIE, { path: "/", secure: isBehindTls(c) });
    return c.redirect("/", 303);
  });
}
