"""The OMS (Order Management System): takes orders at once and notifies their outcome much later."""
