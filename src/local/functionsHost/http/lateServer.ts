import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { listen } from "./listen.ts";
import type { Listener } from "./listen.ts";

/**
 * A server that has its port before it has anything to serve: an app learns the address while it is loaded, and who
 * calls too early is asked to come again.
 */
export class LateServer {
  readonly #listener: Listener;
  readonly #app: { current: Hono<{ Bindings: HttpBindings }> | undefined };

  private constructor(listener: Listener, app: { current: Hono<{ Bindings: HttpBindings }> | undefined }) {
    this.#listener = listener;
    this.#app = app;
  }

  static async listen(port: number): Promise<LateServer> {
    const app: { current: Hono<{ Bindings: HttpBindings }> | undefined } = { current: undefined };
    const starting = (): Response =>
      new Response("The Functions host is starting", { status: 503, headers: { "Retry-After": "1" } });
    const listener = await listen(
      (request, env) => app.current?.fetch(request, env as HttpBindings) ?? starting(),
      port,
    );
    return new LateServer(listener, app);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  become(app: Hono<{ Bindings: HttpBindings }>): void {
    this.#app.current = app;
  }

  close(): void {
    this.#listener.close();
  }
}
