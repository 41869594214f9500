"""The use cases. Code in the same process uses the same objects as the API.

from config_service import create_services
from config_service.services import CommunicationConfigService

configs: CommunicationConfigService = create_services().configs
"""

from config_service.services.clinic_config_view import ClinicConfig
from config_service.services.communication_config import KEEP, CommunicationConfigService

__all__ = ["KEEP", "ClinicConfig", "CommunicationConfigService"]
