"""The first step of a training: is this data fit for it, and has it been trained on already?"""
