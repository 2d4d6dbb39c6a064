/** What docker-compose.yml must say. No container engine is needed to read it. */
import { parse } from 'yaml';
import { z } from 'zod';

const Healthcheck = z.looseObject({ test: z.array(z.string()).min(2), interval: z.string(), timeout: z.string(), retries: z.int() });
const Service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  user: z.string(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).min(1),
  ports: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: Healthcheck,
});
const Compose = z.looseObject({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.null()) });
export type Compose = z.infer<typeof Compose>;

/** Merge keys and anchors resolved. */
export function load(text: string): Compose {
  return Compose.parse(parse(text, { merge: true }));
}

/** `known`: the variables that the program reads. */
export function violations({ services, volumes }: Compose, known: readonly string[]): readonly string[] {
  const missing = ['api', 'worker', 'postgres', 'redis'].filter((name) => !(name in services)).map((name) => `no service ${name}`);
  const found = Object.entries(services).flatMap(([name, service]) => {
    const ours = service.build !== undefined;
    const variables = Object.keys(service.environment ?? {});
    return [
      ...(/:\d+\.\d+\.?\d*(-[\w.]+)?$/.test(service.image) ? [] : [`${name}: ${service.image} is not pinned by an exact tag`]),
      ...(/^(root|0)(:|$)/.test(service.user) ? [`${name} runs as root`] : []),
      ...(service.cap_drop.includes('ALL') ? [] : [`${name} keeps capabilities`]),
      ...service.ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => `${name}: ${port} is open beyond loopback`),
      ...service.volumes
        .filter((volume) => !((volume.split(':')[0] ?? '') in volumes))
        .map((volume) => `${name}: ${volume} is not a named volume`),
      ...Object.entries(service.depends_on)
        .filter(([, { condition }]) => condition !== 'service_healthy')
        .map(([other]) => `${name} does not wait until ${other} is healthy`),
      ...(ours ? variables.filter((variable) => !known.includes(variable)).map((variable) => `${name}: nobody reads ${variable}`) : []),
      ...Object.entries(service.environment ?? {})
        .filter(([variable, value]) => /PASSWORD|SECRET|_URL$/.test(variable) && !isNoAddress(variable, value) && hasDefaultSecret(value))
        .map(([variable]) => `${name}: ${variable} has a default secret`),
    ];
  });
  return [...missing, ...found];
}

/** An address that stays empty when nobody set it holds no password. */
function isNoAddress(variable: string, value: string): boolean {
  return variable.endsWith('_URL') && /^\$\{\w+:-\}$/.test(value);
}

/** A password in clear, or one that compose fills in when nobody set it. `${NAME:?message}` refuses instead. */
function hasDefaultSecret(value: string): boolean {
  const password = /^\w+:\/\/[^@/:]*:(.*)@/.exec(value)?.[1] ?? (value.includes('://') ? null : value);
  return password !== null && !/^\$\{\w+:\?[^}]+\}$/.test(password);
}
