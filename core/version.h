#ifndef VO_CORE_VERSION_H
#define VO_CORE_VERSION_H
#define VO_VERSION "0.1.0"
#endif
