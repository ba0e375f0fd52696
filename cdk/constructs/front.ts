// The one host that clients know: CloudFront before the HTTP API and the WebSocket APIs, which cannot share a name of
// their own. It stores nothing: neither answers nor errors. Without requests it costs nothing.
import { Duration } from 'aws-cdk-lib';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { sockets } from '../../shared/config/resources.ts';

export type FrontProps = {
  /** Host name of the HTTP API. */
  readonly apiHost: string;
  /** Host names of the WebSocket APIs. */
  readonly socketHosts: { readonly eventsIn: string; readonly others: string };
};

const basePath = '/api';
/** Workers ask for it first, and go on by REST once it is refused. */
const workerChannel = `${basePath}/work_pools/*/workers/connect`;
/** Every code that CloudFront would keep for ten seconds if nobody said otherwise: a 404 before a POST must not. */
const storedErrors = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

export class Front extends Construct {
  /** What clients set as `PREFECT_API_URL`, with no slash at its end. */
  readonly url: string;

  constructor(scope: Construct, id: string, { apiHost, socketHosts }: FrontProps) {
    super(scope, id);
    const rewrite = new EdgeFunction(this, 'SocketPaths', {
      comment: 'Slipway: socket paths to stages',
      code: FunctionCode.fromInline(socketPathsCode()),
      runtime: FunctionRuntime.JS_2_0,
    });
    const socket = (host: string): BehaviorOptions => ({
      ...passing(host),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
      functionAssociations: [{ function: rewrite, eventType: FunctionEventType.VIEWER_REQUEST }],
    });
    const eventsIn = socket(socketHosts.eventsIn);
    const others = socket(socketHosts.others);
    const behaviors = sockets.map(({ kind, path }) => [`${basePath}${path}`, kind === 'events-in' ? eventsIn : others]);
    const distribution = new Distribution(this, 'Distribution', {
      comment: 'Slipway: REST API and sockets on one host',
      defaultBehavior: { ...passing(apiHost), allowedMethods: AllowedMethods.ALLOW_ALL },
      additionalBehaviors: { ...Object.fromEntries(behaviors), [workerChannel]: others },
      errorResponses: storedErrors.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      priceClass: PriceClass.PRICE_CLASS_ALL,
      enableIpv6: true,
    });
    this.url = `https://${distribution.distributionDomainName}${basePath}`;
  }
}

/** Everything a client sends reaches the origin, except the name it used: API Gateway answers to its own alone. */
function passing(host: string): BehaviorOptions {
  return {
    origin: new HttpOrigin(host, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      readTimeout: Duration.seconds(35),
    }),
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    compress: false,
  };
}

/** A WebSocket API knows stages where clients say paths. What is no socket, the worker channel among it, is 404. */
function socketPathsCode(): string {
  const stages = Object.fromEntries(sockets.map(({ kind, path }) => [`${basePath}${path}`, `/${kind}`]));
  return [
    `const stages = ${JSON.stringify(stages)};`,
    'function handler(event) {',
    '  const stage = stages[event.request.uri];',
    "  if (stage === undefined) return { statusCode: 404, statusDescription: 'Not Found' };",
    '  event.request.uri = stage;',
    '  return event.request;',
    '}',
  ].join('\n');
}
