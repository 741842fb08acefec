/** Notices go to whom the query belongs that caused them, also when the next one's queries have been sent already. */
import type { Notice } from './wire.ts'

export type NoticeListener = (message: string) => void

export interface NoticeRoutes {
  /** Every query of the session is counted, the first one too. */
  countQuery(): void
  listen(listener: NoticeListener | undefined): void
  tell(notice: Notice): void
}

export function routeNotices(): NoticeRoutes {
  const routes: { readonly from: number; readonly listener: NoticeListener | undefined }[] = []
  let queries = 0
  return {
    countQuery() {
      queries += 1
    },
    listen(listener) {
      routes.push({ from: queries, listener })
    },
    tell({ severity, message, query }) {
      while (routes[1] !== undefined && routes[1].from <= query) routes.shift()
      const [route] = routes
      if (route !== undefined && route.from <= query && severity !== 'DEBUG') route.listener?.(message)
    },
  }
}
