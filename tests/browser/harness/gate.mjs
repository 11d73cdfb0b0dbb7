/*
 * A gate between browser and web that a story can close: what the browser sends is held back after
 * `limit` bytes of a connection, so that a file stays half sent for as long as the story needs.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function openGate(t, port) {
  const connections = new Set();
  let limit = Infinity;

  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const connection = { near, far, passed: 0 };
    connections.add(connection);
    near.on('data', (chunk) => {
      connection.passed += chunk.length;
      far.write(chunk);
      if (connection.passed > limit) near.pause();
    });
    far.pipe(near);
    const cut = () => {
      connections.delete(connection);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', cut).on('close', cut);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const { near } of connections) near.destroy();
    server.close();
  });

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close(bytes) {
      limit = bytes;
    },
    open() {
      limit = Infinity;
      for (const { near } of connections) near.resume();
    },
  };
}
