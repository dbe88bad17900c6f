// HTTP pieces that both servers share.
export * from './listen.js';
export * from './loggable-path.js';
export * from './on-socket-close.js';
export * from './pending-head.js';
export * from './request-log.js';
export * from './run-service.js';
export * from './send-problem.js';
