-- A year of each carrier.
with days as (
    select
        carrier,
        sum(flights) as flights,
        sum(cancelled) as cancelled,
        sum(minutes_late) as minutes_late
    from carrier_delays
    group by carrier
),

routes as (
    select
        carrier,
        count(distinct (origin, dest)) as routes,
        sum(on_time * flights) / sum(flights) as on_time
    from route_performance
    group by carrier
)

select
    days.carrier,
    airlines.name,
    days.flights,
    days.cancelled,
    days.minutes_late / days.flights as mean_minutes_late,
    routes.routes,
    routes.on_time
from days
join routes on days.carrier = routes.carrier
join airlines on days.carrier = airlines.carrier
