select
    carrier,
    count(*) as flights,
    count(*) filter (where arr_delay >= :minutes) as late,
    round(avg(arr_delay), 2) as mean_delay,
    round(100.0 * late / flights, 1) as late_percent
from month_flights
group by carrier
order by late_percent desc
