"""Captures as other people's tools write them, the same on every run. write() puts them into a folder."""
import os
import sys

import made_elements
import made_files
import made_frames
import made_network
import made_radio
import made_voice

MAKERS = [made_radio, made_frames, made_elements, made_files, made_voice, made_network]


def write(folder):
    """{path: for each frame what its maker says of it, as names and values of wlan-frames; None: it must not be told}."""
    truths = {}
    for maker in MAKERS:
        for name, data, truth in maker.captures():
            path = os.path.join(folder, name)
            with open(path, 'wb') as file:
                file.write(data)
            truths[path] = truth
    return truths


if __name__ == '__main__':
    os.makedirs(sys.argv[1], exist_ok=True)
    print('\n'.join(write(sys.argv[1])))
