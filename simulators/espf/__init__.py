"""The ESPF API: the side that takes the provisioning status of each account and group."""
