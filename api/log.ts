/** The process's log: JSON lines, pretty only for a person at a terminal, on standard error; secrets never written. */
import { type LevelWithSilent, type Logger, pino } from 'pino';

const SECRET_PATHS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["idempotency-key"]',
  'headers.authorization',
  'headers.cookie',
  'databaseUrl',
  'redisUrl',
  '*.databaseUrl',
  '*.redisUrl',
  '*.password',
  '*.privateKey',
];
const STANDARD_ERROR = 2;

export function log(level: LevelWithSilent): Logger {
  const options = { level, redact: { paths: SECRET_PATHS, censor: '[redacted]' } };
  if (process.stderr.isTTY === true) {
    return pino({
      ...options,
      transport: { target: 'pino-pretty', options: { destination: STANDARD_ERROR, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
    });
  }
  return pino(options, pino.destination(STANDARD_ERROR));
}
