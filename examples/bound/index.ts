// A Worker that is bound to another one with Larder in it (see ../inside): it asks by calls, and by HTTP.

import type { LarderBinding } from "larder";

interface Environment {
  LARDER: LarderBinding;
}

interface Forecast {
  city: string;
  degrees: number;
}

export default {
  async fetch(request, { LARDER }) {
    const { pathname, searchParams } = new URL(request.url);
    const city = searchParams.get("city") ?? "Lisbon";
    switch (pathname) {
      case "/umbrella": {
        const forecast = await LARDER.read<Forecast>("forecast", { city, units: "metric" });
        if (!forecast.ok) return Response.json({ error: forecast.error }, { status: 502 });
        const { degrees } = forecast.value;
        return Response.json({ city, degrees, cacheStatus: forecast.cacheStatus });
      }
      case "/warm": {
        const cities = searchParams.getAll("city");
        const items = cities.map((one) => ({ resource: "forecast", fields: { city: one, units: "metric" } }));
        return Response.json(await LARDER.warm(items, { qps: 5 }));
      }
      case "/purge":
        return Response.json(await LARDER.purge({ tags: ["forecasts"], mode: "hard" }));
      case "/explain":
        return Response.json(await LARDER.explain(`/forecast/${encodeURIComponent(city)}?units=metric`));
      default:
        return await LARDER.fetch(request);
    }
  },
} satisfies ExportedHandler<Environment>;
