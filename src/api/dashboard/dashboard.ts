// GET /: the dashboard, or the way into it. Its files are under a path that changes with them; they hold no data and need no
// token.

import { createRoute, z } from "@hono/zod-openapi";
import type { Api, ApiContext } from "../api-context.ts";
import { problem } from "../problem.ts";
import { dashboardFiles } from "./dashboard-files.ts";
import type { LastVerdicts } from "./last-verdicts.ts";
import { loginPage } from "./login-page.ts";
import { page } from "./page.ts";
import { pageFacts } from "./page-facts.ts";
import { PAGE_HEADERS } from "./page-headers.ts";

const route = createRoute({
  method: "get",
  path: "/",
  summary: "The dashboard as HTML; with a token and without a session, the form that begins one",
  responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } } },
});

const FOR_EVER = "public, max-age=31536000, immutable";

export function addDashboardRoute(api: Api, context: ApiContext, verdicts: LastVerdicts): void {
  api.openapi(route, async (c) => {
    if (c.get("access") === "none") {
      const search = new URL(c.req.url).search;
      return c.html(await loginPage({ files: dashboardFiles(), search, says: "" }), 200, PAGE_HEADERS);
    }
    return c.html(await page(await pageFacts(c, context, verdicts), dashboardFiles()), 200, PAGE_HEADERS);
  });
}

/** No part of the contract: what the page is made of may change with every version. */
export function addDashboardFiles(api: Api): void {
  api.get("/dashboard/:version/:name", (c) => {
    const { version, files } = dashboardFiles();
    const file = c.req.param("version") === version ? files.get(c.req.param("name")) : undefined;
    if (file === undefined) return problem("not_found", "there is nothing under this path");
    return c.body(file.body, 200, { ...PAGE_HEADERS, "content-type": file.type, "cache-control": FOR_EVER });
  });
}
