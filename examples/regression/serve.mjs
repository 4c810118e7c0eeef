// A model that serves on this machine, by the contract of SageMaker's containers: GET /ping, POST /invocations.
// node serve.mjs 4.8 [port]: flowers with petals of at least 4.8 cm are virginica.
import { createServer } from 'node:http';

const [from = '4.8', port = '8080'] = process.argv.slice(2);

const labelOf = (length) => (length < 2.5 ? 'setosa' : length < Number(from) ? 'versicolor' : 'virginica');

const server = createServer(async (request, response) => {
  if (request.method === 'GET' && request.url === '/ping') return response.end();
  if (request.method !== 'POST' || request.url !== '/invocations') return response.writeHead(404).end();
  let line = '';
  for await (const piece of request) line += piece;
  const length = Number(line);
  if (line.trim() === '' || Number.isNaN(length)) return response.writeHead(400).end();
  return response.setHeader('content-type', 'application/json').end(JSON.stringify({ label: labelOf(length) }));
});
server.listen(Number(port), '127.0.0.1', () => console.log(`serves at 127.0.0.1:${port}`));
