// The WebSocket APIs of a deployed app, as the emulator serves them: by API and stage on its own port.
// It echoes no subprotocol and runs no service integration, so clients speak none and say who they are by their header.
import { z } from 'zod';
import { connectSocket, type SocketClient } from '../support/socket-client.ts';
import type { DeployedStack } from './deployed-stack.ts';

const Apis = z.object({ items: z.array(z.object({ apiId: z.string(), description: z.string().default('') })) });

/** @throws RefusedUpgrade */
export async function connectDeployed(
  { emulator }: DeployedStack,
  { stage, headers = {} }: { readonly stage: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<SocketClient> {
  const wanted = stage === 'events-in' ? 'Slipway: events of clients' : 'Slipway: sockets of those who listen';
  const { accessKeyId } = emulator.client.credentials;
  const answer = await fetch(`${emulator.endpoint}/v2/apis`, {
    headers: {
      // The emulator reads which service is meant off the signature, and does not check it.
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/apigateway/aws4_request`,
    },
  });
  const { items } = Apis.parse(await answer.json());
  const api = items.find(({ description }) => description === wanted);
  if (api === undefined) throw new Error(`no API called ${wanted}: got ${JSON.stringify(items)}`);
  const url = `${emulator.endpoint}/_aws/execute-api/${api.apiId}/${stage}`;
  return await connectSocket(url, { subprotocol: undefined, headers });
}
