-- How late the flights of a day left each airport, and the weather they met.
with hours as (
    select
        origin,
        max(wind_speed) as strongest_wind,
        sum(precip) as rain
    from weather
    group by origin
)

select
    flights.origin,
    any_value(airports.name) as airport,
    count(*) as flights,
    count(*) - count(flights.dep_time) as cancelled,
    avg(flights.dep_delay) as mean_delay,
    any_value(hours.strongest_wind) as strongest_wind,
    any_value(hours.rain) as rain
from flights
left join hours on flights.origin = hours.origin
left join airports on flights.origin = airports.airport
group by flights.origin
