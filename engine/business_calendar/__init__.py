"""The business calendar: year files and notices of the State Council, and the arithmetic on working days (工作日)."""

from engine.business_calendar.days import BusinessCalendar, CalendarNotCovered

__all__ = ["BusinessCalendar", "CalendarNotCovered"]
