// One handler for all HTTP servers here, of HTTP/1.1 and HTTP/2.
import { json, small } from "../reply.mjs";
import { answerRoutes } from "./answer.mjs";
import { authRoutes } from "./auth.mjs";
import { bodyRoutes } from "./body.mjs";
import { readmeRoutes } from "./readme.mjs";
import { requestRoutes } from "./request.mjs";
import { all, reset } from "../stats.mjs";
import { unpackRoutes } from "./unpack.mjs";

const routes = new Map(
  Object.entries({
    ...answerRoutes,
    ...authRoutes,
    ...bodyRoutes,
    ...readmeRoutes,
    ...requestRoutes,
    ...unpackRoutes,
  }),
);

/**
 * `/stats` of this server, `/stats/all` by kind, `/stats/reset`; these requests are not counted.
 */
function stats(res, own, verb) {
  if (verb === "reset") reset();
  json(res, 200, verb === "all" ? all : own);
}

function dispatch(req, res, own) {
  const { pathname, searchParams } = new URL(req.url, "http://x");
  const [, name, ...args] = pathname.split("/");
  if (name === "stats") return stats(res, own, args[0]);
  own.requests++;
  if (name === "small") return small(res);
  const route = routes.get(name);
  if (route) route(req, res, args, searchParams);
  else json(res, 404, { error: "no such route: see test/server/routes/", path: pathname });
}

function failed(res, error) {
  if (res.headersSent) res.destroy();
  else json(res, 500, { error: String(error) });
}

const ignore = () => {};

export function makeHandler(own) {
  return (req, res) => {
    // A client that resets its HTTP/2 stream must not end the process.
    if (req.stream) req.on("error", ignore);
    // The benchmark's route, without URL parsing.
    if (req.url === "/small") {
      own.requests++;
      return small(res);
    }
    try {
      dispatch(req, res, own);
    } catch (error) {
      failed(res, error);
    }
  };
}
